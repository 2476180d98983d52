/**
 * The files of the inference image, made where the image is: `node dist/image.js --out DIR` in the Dockerfile's build stage. DIR gets
 * what a staged context has below image/. The server's bundle must be there.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { repositoryRoot } from "../local/paths";
import { billOfMaterials } from "./components/bill-of-materials";
import { stageFiles } from "./components/build-context";
import { BILL_TARGET, IMAGE_FOLDER, serverFiles } from "./components/server-files";
import { messageOf, ProgramError } from "./errors";
import { modelNames, readModel } from "./models";
import { machinePlatform } from "./units";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      /** Names with spaces or commas between them. Default: all there are. */
      models: { type: "string", default: "" },
      "base-image": { type: "string" },
    },
  });
  if (values.out === undefined) throw new ProgramError("--out DIR is needed");
  const root = repositoryRoot();
  const there = modelNames(root);
  const asked = values.models.split(/[\s,]+/).filter((name) => name !== "");
  const unknown = asked.filter((name) => !there.includes(name));
  if (unknown.length > 0)
    throw new ProgramError(`--models: there is no model ${unknown.join(", ")}`, {
      why: `app/models has: ${there.join(", ")}`,
    });
  const models = (asked.length > 0 ? asked : there).map((name) => readModel(root, name));
  const baseImage = values["base-image"];
  const platform = machinePlatform(process.arch);
  if (platform === undefined)
    throw new ProgramError(`there are no images for ${process.arch}, only for x64 and arm64`);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-image-"));
  try {
    const bill = path.join(scratch, "bill");
    fs.writeFileSync(
      bill,
      await billOfMaterials({ root, models, ...(baseImage === undefined ? {} : { baseImage }) }),
    );
    const files = [...serverFiles(root, platform, models), { source: bill, target: BILL_TARGET }];
    const inImage = files.filter(({ target }) => target.startsWith(IMAGE_FOLDER));
    stageFiles(
      values.out,
      inImage.map(({ source, target }) => ({ source, target: target.slice(IMAGE_FOLDER.length) })),
    );
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
