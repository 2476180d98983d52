import * as fs from "node:fs";
import * as path from "node:path";
import { type Command, Option } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { writeCompose } from "../compose";
import { writeManifests } from "../offline";
import { openStack } from "../session";

export function registerRender(program: Command): void {
  program
    .command("render")
    .summary("write the Kubernetes manifests, or a compose file, of a stack into a folder")
    .description(
      "Writes the Kubernetes manifests of a stack as YAML, one file an object, with mocked providers: for reviews and scanners.\nWith --format compose, a compose.yaml of its services instead.",
    )
    .addOption(
      new Option("--format <format>", "what to write")
        .choices(["manifests", "compose"])
        .default("manifests"),
    )
    .requiredOption("--out <dir>", "folder for the files; made if missing, must be empty")
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--offline", "without credentials or cluster; the only way there is yet")
    .action(render);
}

interface RenderOptions {
  stack?: string;
  out: string;
  offline?: true;
  format: "manifests" | "compose";
}

async function render(options: RenderOptions): Promise<void> {
  if (options.format === "manifests" && options.offline !== true)
    throw new UserError("render works offline only", {
      why: "manifests are rendered with mocked providers",
      fix: "add --offline",
      exitCode: ExitCode.usage,
    });
  const out = path.resolve(options.out);
  if (fs.existsSync(out) && fs.readdirSync(out).length > 0)
    throw new UserError(`${out} is not empty`, {
      why: "files of an earlier run would be taken for this one's",
      fix: `rm -r ${out}, or name another folder`,
      exitCode: ExitCode.usage,
    });
  const context = await openStack(options.stack);
  const files = await (options.format === "compose"
    ? writeCompose(context, out)
    : writeManifests(context, out));
  process.stdout.write(files.map((file) => `${path.join(options.out, file)}\n`).join(""));
}
