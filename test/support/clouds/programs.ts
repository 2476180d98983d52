import * as fs from "node:fs";
import * as path from "node:path";
import { buildSync } from "esbuild";
import { build } from "../../../local/build";
import { repositoryRoot } from "../../../local/paths";

/** Plugins whose stand-ins play the official ones, which no cloud stack goes without. */
const STAND_INS = ["kubernetes", "docker"] as const;

/** Plugins that talk to the clouds. */
const RELAYS = { gcp: "google", "terraform-provider": "ibm" } as const;

/** Fills a folder with programs for PATH. @param others their entry points in the repository, by name */
export function writePrograms(folder: string, others: Readonly<Record<string, string>>): void {
  const bin = path.join(folder, "bin");
  fs.mkdirSync(bin, { recursive: true });
  const relay = bundle(folder, "relay", "test/support/clouds/relay/main.ts");
  build(STAND_INS.map((name) => `provider-${name}`));
  for (const name of STAND_INS)
    script(
      bin,
      `pulumi-resource-${name}`,
      run(path.join(repositoryRoot(), "dist", `provider-${name}.js`)),
    );
  for (const [plugin, cloud] of Object.entries(RELAYS))
    script(bin, `pulumi-resource-${plugin}`, `export MODELPORT_CLOUD=${cloud}\n${run(relay)}`);
  for (const [name, entry] of Object.entries(others))
    script(bin, name, run(bundle(folder, name, entry)));
}

const run = (file: string) => `exec "${process.execPath}" "${file}" "$@"\n`;

function script(bin: string, name: string, text: string): void {
  fs.writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}`, { mode: 0o755 });
}

/** One file starts in a fraction of the time that TypeScript takes. @returns its path */
function bundle(folder: string, name: string, entry: string): string {
  const outfile = path.join(folder, `${name}.js`);
  buildSync({
    absWorkingDir: repositoryRoot(),
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    logLevel: "error",
  });
  return outfile;
}
