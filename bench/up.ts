/**
 * How long `npm run up` takes, from a fresh clone in an empty HOME: `npm run bench:up` with this user's tool cache,
 * `npm run bench:up -- --cold` with an empty one too. Prints the rows of README's table; ends with `npm run down`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cacheDir, repositoryRoot } from "../local/paths";

interface Row {
  what: string;
  seconds: number;
}

function main(cold: boolean): void {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-bench-"));
  const clone = path.join(work, "modelport");
  const home = path.join(work, "home");
  fs.mkdirSync(home);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    XDG_STATE_HOME: path.join(home, "state"),
    XDG_CACHE_HOME: cold ? path.join(home, "cache") : path.dirname(cacheDir()),
    ...(cold ? { npm_config_cache: path.join(home, "npm"), GOPATH: path.join(home, "go") } : {}),
  };
  const rows: Row[] = [];
  const timed = (what: string, argv: string[]): string => {
    const began = Date.now();
    const [command = "", ...args] = argv;
    const result = spawnSync(command, args, {
      cwd: clone,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (result.status !== 0) throw new Error(`${argv.join(" ")}: exit code ${result.status}`);
    rows.push({ what, seconds: (Date.now() - began) / 1000 });
    return result.stdout;
  };

  execFileSync("git", ["clone", "--quiet", repositoryRoot(), clone]);
  try {
    timed(
      cold ? "clone → first prediction, nothing cached" : "clone → first prediction, tools cached",
      ["npm", "run", "up"],
    );
    timed("`npm run up`, nothing to change", ["npm", "run", "up"]);
    timed("… its `pulumi up`", [
      "sh",
      "-c",
      'eval "$(npm run --silent env)" && exec pulumi up --yes --skip-preview --stack local',
    ]);
    rows.push({ what: "memory of the idle cluster, MB resident", seconds: clusterMegabytes(env) });
  } finally {
    timed("`npm run down`", ["npm", "run", "down"]);
    fs.rmSync(work, { recursive: true, force: true });
  }
  console.log("| what | s |\n| --- | --- |");
  for (const { what, seconds } of rows) console.log(`| ${what} | ${seconds.toFixed(1)} |`);
}

/** Of the supervisor's sandbox: every process in its process namespace, and the supervisor itself. */
function clusterMegabytes(env: NodeJS.ProcessEnv): number {
  const file = path.join(env["XDG_STATE_HOME"] ?? "", "modelport/clusters/local/supervisor.json");
  const { pid } = JSON.parse(fs.readFileSync(file, "utf8")) as { pid: number };
  const parents = new Map<number, number>();
  for (const entry of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const status = readStatus(Number(entry));
    if (status !== undefined) parents.set(Number(entry), status.parent);
  }
  const isOurs = (candidate: number): boolean => {
    for (let at: number | undefined = candidate; at !== undefined && at > 1; at = parents.get(at)) {
      if (at === pid) return true;
    }
    return false;
  };
  return [...parents.keys()]
    .filter(isOurs)
    .reduce((sum, one) => sum + (readStatus(one)?.residentMegabytes ?? 0), 0);
}

function readStatus(pid: number): { parent: number; residentMegabytes: number } | undefined {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    return { parent: field("PPid"), residentMegabytes: field("VmRSS") / 1024 };
  } catch {
    return undefined;
  }
}

main(process.argv.includes("--cold"));
