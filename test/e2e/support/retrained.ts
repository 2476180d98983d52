import * as fs from "node:fs";
import * as path from "node:path";
import { repositoryRoot } from "../../../local/paths";
import type { World } from "./world";

const IRIS = "app/models/iris";

/** Iris with a second version, as it looks after `npm run train`. */
export const RETRAINED = path.join(__dirname, "../../unit/app/fixtures/retrained/iris");

/** The checkout has two versions of iris from now on. */
export const retrain = (world: World) => replaceIris(world, RETRAINED);

/** The checkout has the one version that is committed. */
export const forgetTraining = (world: World) =>
  replaceIris(world, path.join(repositoryRoot(), IRIS));

function replaceIris({ checkout }: World, source: string): void {
  const model = path.join(checkout, IRIS);
  fs.rmSync(model, { recursive: true });
  fs.cpSync(source, model, { recursive: true });
}
