import { createRequire } from "node:module";
import * as path from "node:path";
import { repositoryRoot } from "../local/paths";

/** Bundles what is stale in dist/. The builder is plain JavaScript and stays out of the bundle. */
export function build(names: readonly string[]): void {
  const load = createRequire(path.join(repositoryRoot(), "package.json"));
  (load("./local/build.js") as { build: (names: readonly string[]) => void }).build(names);
}
