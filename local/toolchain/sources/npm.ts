import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { ExitCode, UserError } from "../../errors";
import { run, tail } from "../run";
import { platform } from "../platform";
import { remembered, type Source } from "./source";

/** A pinned npm package per platform that ships a ready-made executable. */
export interface NpmSpec {
  version: string;
  /** By platform, as `linux-x64`; `integrity` as in a package-lock.json. */
  packages: Record<string, { name: string; integrity: string }>;
  /** Paths inside the package, by executable name. */
  bin: Record<string, string>;
}

export const npmSource: Source<NpmSpec> = {
  kind: "npm",
  doing: "fetching from the npm registry",
  key: ({ version }) => `${version}-${platform()}`,

  async obstacle({ packages, version }) {
    const wanted = packages[platform()];
    if (wanted === undefined) return { why: `there is no npm package for ${platform()}` };
    const problem = await registryProblem(`${wanted.name}@${version}`);
    return problem === undefined
      ? undefined
      : { why: `npm: ${problem}`, fix: "check the network, and `npm ping`" };
  },

  async fetch({ packages, version, bin }, { dir }) {
    const wanted = packages[platform()];
    if (wanted === undefined) throw new Error(`no npm package for ${platform()}`);
    const name = `${wanted.name}@${version}`;
    const flags = ["--json", "--ignore-scripts", "--fetch-retries=1", "--pack-destination", dir];
    const packed = await run("npm", ["pack", name, ...flags]);
    const archive = fs.readdirSync(dir).find((file) => file.endsWith(".tgz"));
    if (packed.code !== 0 || archive === undefined) {
      throw new UserError(`the npm package ${name} could not be fetched`, {
        why: tail(packed.output),
        fix: "check the network, and `npm ping`",
        exitCode: ExitCode.environment,
      });
    }
    const file = path.join(dir, archive);
    const got = `sha512-${createHash("sha512").update(fs.readFileSync(file)).digest("base64")}`;
    if (got !== wanted.integrity) {
      fs.rmSync(file);
      throw new UserError(`the npm package ${name} has a wrong checksum`, {
        why: `expected ${wanted.integrity}, got ${got}`,
        fix: "a proxy or mirror may have altered it; the file was deleted: try again, then ask who runs the mirror",
        exitCode: ExitCode.environment,
      });
    }
    const unpacked = await run("tar", ["-xzf", file, "-C", dir, "--strip-components=1"]);
    if (unpacked.code !== 0) throw new Error(`tar failed on ${name}: ${tail(unpacked.output)}`);
    fs.rmSync(file);
    return { version, source: "npm", bin };
  },
};

/** Asks for the package's entry alone: seconds at most, where a download would try for minutes. */
const registryProblem = remembered(async (name: string): Promise<string | undefined> => {
  const args = ["view", name, "version", "--fetch-retries=0", "--fetch-timeout=10000"];
  const { code, output, timedOut } = await run("npm", args, { timeoutSeconds: 20 });
  if (timedOut) return "the registry does not answer";
  if (code === 0) return undefined;
  const lines = output.split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, ""));
  return lines.find((line) => /reason:|E40\d|not found/.test(line)) ?? output;
});
