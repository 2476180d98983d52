import * as fs from "node:fs";
import type { Command } from "commander";
import { repositoryRoot } from "../../local/paths";
import { ExitCode, UserError } from "../../local/errors";
import { build } from "../build";
import { asUsageError } from "../stack-config";

export function registerSbom(program: Command): void {
  program
    .command("sbom")
    .summary("write the inference image's bill of materials")
    .description(
      "Writes what is in the inference image as CycloneDX JSON: bundled packages, Node, the base image, the models. Each image has its own as /app/sbom.cdx.json.\nThe same materials make the same text; SOURCE_DATE_EPOCH gives it a time.",
    )
    .option("--model <names...>", "which folders of app/models are in the image. Default: all")
    .option("--base-image <image>", "what it is built on. Default: the Dockerfile's")
    .option("--out <file>", "where to. Default: standard output")
    .action(sbom);
}

async function sbom(options: { model?: string[]; baseImage?: string; out?: string }) {
  const root = repositoryRoot();
  const { modelNames, readModel } = await import("../../infra/models.js");
  const there = modelNames(root);
  const unknown = options.model?.find((name) => !there.includes(name));
  if (unknown !== undefined)
    throw new UserError(`there is no model ${JSON.stringify(unknown)}`, {
      why: `app/models has: ${there.join(", ")}`,
      exitCode: ExitCode.usage,
    });
  const models = asUsageError(() => (options.model ?? there).map((name) => readModel(root, name)));
  build(["server"]);
  const { billOfMaterials } = await import("../../infra/components/bill-of-materials.js");
  const { baseImage } = options;
  const text = await billOfMaterials({
    root,
    models,
    ...(baseImage === undefined ? {} : { baseImage }),
  });
  if (options.out === undefined) process.stdout.write(text);
  else fs.writeFileSync(options.out, text);
}
