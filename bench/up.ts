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
  value: string;
}

/** Repeated for what takes seconds; the median is shown. */
const REPETITIONS = 5;

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
  const run = (argv: string[]): string => {
    const [command = "", ...args] = argv;
    const result = spawnSync(command, args, {
      cwd: clone,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (result.status !== 0) throw new Error(`${argv.join(" ")}: exit code ${result.status}`);
    return result.stdout;
  };
  const timed = (what: string, argv: string[], repetitions = 1): void => {
    const seconds = Array.from({ length: repetitions }, () => {
      const began = Date.now();
      run(argv);
      return (Date.now() - began) / 1000;
    }).sort((one, other) => one - other);
    const median = seconds[Math.floor(repetitions / 2)] ?? NaN;
    rows.push({ what, value: `${median.toFixed(1)} s` });
  };

  execFileSync("git", ["clone", "--quiet", repositoryRoot(), clone]);
  try {
    const cached = cold ? "nothing cached" : "tools cached";
    timed(`clone → first prediction, ${cached}`, ["npm", "run", "up"]);
    timed("`npm run up`, nothing to change", ["npm", "run", "up"], REPETITIONS);
    const exports = run(["npm", "run", "--silent", "env"]);
    const update = "exec pulumi up --yes --skip-preview --stack local";
    timed(
      "plain `pulumi up --skip-preview`, the same",
      ["sh", "-c", `${exports}\n${update}`],
      REPETITIONS,
    );
    rows.push({ what: "the cluster and two pods, resident", value: `${clusterMegabytes(env)} MB` });
  } finally {
    timed("`npm run down`", ["npm", "run", "down"]);
    fs.rmSync(work, { recursive: true, force: true });
  }
  console.log("| what | |\n| --- | --- |");
  for (const { what, value } of rows) console.log(`| ${what} | ${value} |`);
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
  return Math.round(
    [...parents.keys()]
      .filter(isOurs)
      .reduce((sum, one) => sum + (readStatus(one)?.residentMegabytes ?? 0), 0),
  );
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
