import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { ExitCode, UserError } from "../../errors";
import { cacheDir, repositoryRoot } from "../../paths";
import type { Step } from "../../progress";
import { workspace } from "../cache";
import { platform } from "../platform";
import { run, tail } from "../run";
import { compareVersions } from "./path";
import { remembered, type Source } from "./source";

/** Executables built from the pinned modules in local/toolchain/go, each with go.mod and go.sum. */
export interface GoSpec {
  version: string;
  builds: GoBuild[];
  /** Further names of a multi-call executable: link → executable. */
  links?: Record<string, string>;
  /** Files of the first build's folder that belong beside the executables. */
  scripts?: string[];
}

export interface GoBuild {
  /** A folder of local/toolchain/go. */
  module: string;
  /** The main package; its last part names the executable. */
  package: string;
  /** String variables to set, as the project's own release build does. */
  define?: Record<string, string>;
}

const FLAGS = ["-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false"];
/** No debugger's tables: the linker drops them anyway, and not writing them saves time and disk. */
const COMPILER_FLAGS = "-gcflags=all=-dwarf=false";

export const goSource: Source<GoSpec> = {
  kind: "go",
  doing: "building from Go modules",
  key: (spec) => `${spec.version}-go-${platform()}-${fingerprint(spec)}`,

  async obstacle({ builds }) {
    for (const { module } of builds) {
      const obstacle = (await goProblem(requiredGo(module))) ?? (await proxyProblem(module));
      if (obstacle !== undefined) return obstacle;
    }
    return undefined;
  },

  async fetch({ version, builds, links = {}, scripts = [] }, { dir }, step) {
    const bin: Record<string, string> = {};
    const binDir = path.join(dir, "bin");
    fs.mkdirSync(binDir);
    // All listings come first, so that the next build's modules are fetched during the last one.
    const listings = builds.map((build) => listing.then(() => list(build, step)));
    listing = Promise.allSettled([listing, ...listings]);
    step.update("waiting for its turn");
    await inTurn(async () => {
      for (const [i, build] of builds.entries()) {
        const packages = (await listings[i]) ?? 0;
        await compile(build, binDir, packages, step);
        const name = path.posix.basename(build.package);
        bin[name] = `bin/${name}`;
      }
    });
    for (const [link, executable] of Object.entries(links)) {
      fs.symlinkSync(executable, path.join(binDir, link));
      bin[link] = `bin/${link}`;
    }
    for (const script of scripts) {
      fs.copyFileSync(
        path.join(moduleDir(builds[0]?.module ?? ""), script),
        path.join(binDir, script),
      );
      fs.chmodSync(path.join(binDir, script), 0o755);
      bin[script] = `bin/${script}`;
    }
    return { version, source: "go", bin };
  },
};

let listing: Promise<unknown> = Promise.resolve();
let building: Promise<unknown> = Promise.resolve();

/** One build at a time: `go build` uses every core by itself. */
function inTurn(work: () => Promise<void>): Promise<void> {
  const result = building.then(work);
  building = result.catch(() => undefined);
  return result;
}

/** The number of packages; downloads the modules they are in, and no others. */
async function list(build: GoBuild, step: Step): Promise<number> {
  let modules = 0;
  const result = await run("go", ["list", ...FLAGS, "-deps", build.package], {
    ...goIn(build),
    onLine: (line) => {
      if (line.startsWith("go: downloading")) step.update(`${++modules} modules downloaded`);
    },
  });
  if (result.code !== 0) throw failed(build, result.output);
  return result.stdout.split("\n").length;
}

async function compile(
  build: GoBuild,
  binDir: string,
  packages: number,
  step: Step,
): Promise<void> {
  let compiled = 0;
  const defines = Object.entries(build.define ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const args = [
    "-v",
    ...FLAGS,
    COMPILER_FLAGS,
    `-ldflags=${["-s -w", ...defines].join(" ")}`,
    "-o",
    binDir,
  ];
  const result = await run("go", ["build", ...args, build.package], {
    ...goIn(build),
    onLine: () => {
      compiled++;
      step.update(
        compiled < packages ? `${compiled} of about ${packages} packages compiled` : "linking",
      );
    },
  });
  if (result.code !== 0) throw failed(build, result.output);
}

function failed({ module }: GoBuild, output: string): UserError {
  const said = output
    .split("\n")
    .filter((line) => /^(go: (?!downloading)|#|.*\.go:\d+|.*: )/.test(line));
  return new UserError(`building the Go module local/toolchain/go/${module} failed`, {
    why: tail(said.length === 0 ? output : said.join("\n")),
    fix: "run it again: what was compiled is kept. If the network failed, check `go env GOPROXY`",
    exitCode: ExitCode.environment,
  });
}

/** Where Go keeps what it downloads and compiles: ours, unless the user has chosen a place. */
export function goCaches(): { mod: string; build: string; ours: string } {
  const ours = path.join(cacheDir(), "go");
  return {
    ours,
    mod: process.env["GOMODCACHE"] ?? path.join(ours, "mod"),
    build: process.env["GOCACHE"] ?? path.join(ours, "build"),
  };
}

function moduleDir(module: string): string {
  return path.join(repositoryRoot(), "local", "toolchain", "go", module);
}

function goIn({ module }: GoBuild): { cwd: string; env: Record<string, string> } {
  const { mod, build } = goCaches();
  return {
    cwd: moduleDir(module),
    env: {
      GOMODCACHE: mod,
      GOCACHE: build,
      GOFLAGS: "-mod=readonly",
      GOTOOLCHAIN: "local",
      GOWORK: "off",
      GOOS: process.platform,
      GOARCH: process.arch === "x64" ? "amd64" : process.arch,
      CGO_ENABLED: "0",
      // The compiler spends a fifth of its time collecting garbage; it may use more memory instead.
      GOGC: process.env["GOGC"] ?? "200",
      TMPDIR: workspace(),
    },
  };
}

/** The `go` line of a module's go.mod. */
function requiredGo(module: string): string {
  const text = fs.readFileSync(path.join(moduleDir(module), "go.mod"), "utf8");
  return /^go ([\d.]+)$/m.exec(text)?.[1] ?? "1.24";
}

const goProblem = remembered(async (needed: string) => {
  const { code, stdout } = await run("go", ["env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" } });
  const fix = "install it from https://go.dev/dl or with the system's packages, and put it on PATH";
  if (code !== 0) return { why: "Go is not on PATH", fix };
  const version = /\d+(\.\d+)+/.exec(stdout)?.[0] ?? "0";
  return compareVersions(version, needed) < 0
    ? { why: `Go is ${version}, and ${needed} or newer is needed`, fix }
    : undefined;
});

/** Asks for the entry of a module that is needed, which is quick, and quicker when it's cached. */
const proxyProblem = remembered(async (module: string) => {
  const text = fs.readFileSync(path.join(moduleDir(module), "go.mod"), "utf8");
  const [, name, version] = /^\s*(?:require )?([\w./-]+\.[\w./-]+) (v\S+)/m.exec(text) ?? [];
  if (name === undefined || version === undefined) return undefined;
  const { env } = goIn({ module, package: "" });
  const result = await run("go", ["list", "-m", "-mod=mod", `${name}@${version}`], {
    cwd: workspace(),
    env: { ...env, GOFLAGS: "-mod=mod", GONOSUMDB: "*" },
    timeoutSeconds: 20,
  });
  if (result.code === 0) return undefined;
  const why = result.timedOut ? "no answer" : tail(result.output, 2);
  return {
    why: `the Go module proxy can't be reached: ${why}`,
    fix: "check the network, and `go env GOPROXY`",
  };
});

function fingerprint(spec: GoSpec): string {
  const hash = createHash("sha256").update(JSON.stringify([spec, FLAGS, COMPILER_FLAGS]));
  for (const { module } of spec.builds) {
    const dir = moduleDir(module);
    for (const file of fs.readdirSync(dir, { recursive: true, encoding: "utf8" }).sort()) {
      const full = path.join(dir, file);
      if (fs.statSync(full).isFile()) hash.update(`${file}\0`).update(fs.readFileSync(full));
    }
  }
  return hash.digest("hex").slice(0, 12);
}
