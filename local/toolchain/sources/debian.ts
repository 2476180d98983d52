import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { ExitCode, UserError } from "../../errors";
import type { Step } from "../../progress";
import { workspace } from "../cache";
import { debianRelease, platform } from "../platform";
import { run, tail, type RunResult } from "../run";
import { expose } from "./expose";
import { remembered, type Obstacle, type Source } from "./source";

/** Packages of the system's own release: fetched and unpacked, never installed. */
export interface DebianSpec {
  /** The first one's version is the tool's. */
  packages: string[];
  /** Paths inside the packages, by executable name. */
  bin: Record<string, string>;
}

/** Every system that has apt has these; another libc than the system's would not even start. */
const SYSTEM_LIBRARIES = new Set(["libc6", "libgcc-s1", "libcrypt1"]);

export const debianSource: Source<DebianSpec> = {
  kind: "debian",
  doing: "fetching from the Debian archive",
  key: (spec) => {
    const hash = createHash("sha256")
      .update(JSON.stringify([spec, 2]))
      .digest("hex")
      .slice(0, 8);
    return `${debianRelease() ?? "none"}-debian-${platform()}-${hash}`;
  },

  obstacle: async () => {
    const ready = await apt("update");
    return "why" in ready ? ready : undefined;
  },

  async fetch({ packages, bin }, { dir, folder }, step) {
    const ready = await apt("update");
    if ("why" in ready) throw new Error(ready.why);
    step.update("finding the libraries");
    const libraries = await librariesOf(packages, ready.options);
    step.update(`downloading ${packages.length + libraries.length} packages`);
    const downloads = path.join(dir, "downloads");
    fs.mkdirSync(downloads);
    const all = [...packages, ...libraries];
    const result = await run("apt-get", [...ready.options, "download", ...all], { cwd: downloads });
    if (result.code !== 0) throw failed(packages, result);
    const version = await unpack(downloads, dir, packages[0] ?? "", step);
    fs.rmSync(downloads, { recursive: true });
    return { version, source: "debian", bin: expose({ dir, folder }, bin) };
  },
};

/** Unpacks every package of a folder; answers the version of the one named. */
export async function unpack(
  downloads: string,
  dir: string,
  name: string,
  step: Step,
): Promise<string> {
  let version = "";
  for (const file of fs.readdirSync(downloads).filter((one) => one.endsWith(".deb"))) {
    step.update(`unpacking ${file}`);
    const deb = path.join(downloads, file);
    const result = await run("dpkg-deb", ["-x", deb, dir]);
    if (result.code !== 0) throw failed([file], result);
    if (file.startsWith(`${name}_`)) {
      version = (await run("dpkg-deb", ["-f", deb, "Version"])).stdout.trim();
    }
  }
  return version;
}

/** The libraries that packages depend on, and theirs in turn. */
async function librariesOf(packages: string[], options: string[]): Promise<string[]> {
  const found = new Set<string>();
  for (let level = packages; level.length > 0;) {
    const only = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"];
    const flags = only.map((relation) => `--no-${relation}`);
    const result = await run("apt-cache", [...options, "depends", ...flags, ...level]);
    if (result.code !== 0) throw failed(level, result);
    level = parseDepends(result.stdout).filter((name) => !found.has(name));
    for (const name of level) found.add(name);
  }
  return [...found].filter((name) => !packages.includes(name)).sort();
}

/** Libraries in `apt-cache depends`' answer; of alternatives (all but the last marked `|`) the first. */
export function parseDepends(text: string): string[] {
  const names = new Set<string>();
  let alternative = false;
  for (const line of text.split("\n")) {
    const [, bar, name] = /^ ([ |])(?:Pre)?Depends: (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    if (!alternative && /^lib[\w.+-]+$/.test(name) && !SYSTEM_LIBRARIES.has(name)) names.add(name);
    alternative = bar === "|";
  }
  return [...names];
}

function failed(packages: string[], result: RunResult): UserError {
  return new UserError(`the Debian packages ${packages.join(", ")} could not be fetched`, {
    why: tail(result.output, 3),
    fix: "check the network and /etc/apt/sources.list, and try again",
    exitCode: ExitCode.environment,
  });
}

/** A private apt: the system's sources and keys, but package lists and downloads of our own. */
const apt = remembered(async (): Promise<Obstacle | { options: string[] }> => {
  if (process.platform !== "linux") return { why: "Debian packages run on Linux only" };
  for (const program of ["apt-get", "apt-cache", "dpkg-deb"]) {
    const { code } = await run(program, ["--version"]);
    if (code !== 0) return { why: `${program} is not on PATH: not a Debian or Ubuntu system?` };
  }
  const dir = path.join(workspace(), "apt");
  fs.mkdirSync(path.join(dir, "state/lists/partial"), { recursive: true });
  fs.mkdirSync(path.join(dir, "cache/archives/partial"), { recursive: true });
  const settings = [
    `Dir::State=${dir}/state`,
    "Dir::State::status=/var/lib/dpkg/status",
    `Dir::Cache=${dir}/cache`,
    `APT::Sandbox::User=`,
    "APT::Update::Error-Mode=any",
    "APT::Update::Post-Invoke-Success::=true",
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::Retries=1",
    "Acquire::http::Timeout=10",
    "Acquire::https::Timeout=10",
  ];
  const options = ["-qq", ...settings.flatMap((setting) => ["-o", setting])];
  const result = await run("apt-get", [...options, "update"], { timeoutSeconds: 120 });
  if (result.code === 0) return { options };
  return {
    why: `the Debian archive can't be reached: ${result.timedOut ? "no answer" : tail(result.output, 2)}`,
    fix: "check the network and /etc/apt/sources.list",
  };
});
