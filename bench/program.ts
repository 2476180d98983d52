/**
 * npm run bench:program: how long the program takes from the start of its process to its first resource and to its end, by target,
 * and with 200 services in one stack. Offline: with mocked providers, so that nothing but the program counts. Exit code 1 where a goal is missed.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { TARGET_NAMES } from "../infra/config/target-names";
import { repositoryRoot } from "../local/paths";
import { offlineRun, stackFile, type OfflineRun } from "./program/offline-run";

const GOALS = { startSeconds: 0.6, manySeconds: 10, manyMegabytes: 1024 } as const;

/** Repeated for what takes less than a second; the median is shown. */
const REPETITIONS = 9;

const SERVICES = 200;

/** Stacks with more resources stage that many contexts before the first one. */
const MANY = 1000;

function main(): void {
  const root = repositoryRoot();
  execFileSync(process.execPath, [path.join(root, "local", "build.js"), "offline", "server"]);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-program-"));
  const missed: string[] = [];
  const row = (what: string, runs: readonly OfflineRun[]) => {
    const sorted = [...runs].sort((one, other) => one.startSeconds - other.startSeconds);
    const median = sorted[Math.floor(sorted.length / 2)];
    if (median === undefined) return;
    const { startSeconds, seconds, megabytes, resources, packages } = median;
    const sdks = packages.filter((name) => name !== "pulumi").join(", ");
    console.log(
      `| ${what} | ${startSeconds.toFixed(2)} s | ${seconds.toFixed(2)} s | ${megabytes.toFixed(0)} MB | ${resources} | ${sdks} |`,
    );
    for (const [value, goal, unit] of [
      [startSeconds, resources > MANY ? Infinity : GOALS.startSeconds, "s to the first resource"],
      [seconds, GOALS.manySeconds, "s in all"],
      [megabytes, GOALS.manyMegabytes, "MB"],
    ] as const)
      if (value > goal) missed.push(`${what}: ${value.toFixed(2)} ${unit}, more than ${goal}`);
  };
  console.log(
    "| stack | start | in all | memory | resources | SDKs loaded |\n|---|---|---|---|---|---|",
  );
  try {
    for (const target of TARGET_NAMES) {
      const file = stackFile(folder, target, 1);
      offlineRun(file);
      const runs = Array.from({ length: REPETITIONS }, () => offlineRun(file));
      row(`${target}, one service`, runs);
    }
    const many = stackFile(folder, "gke", SERVICES);
    row(`gke, ${SERVICES} services, first time`, [offlineRun(many)]);
    row(`gke, ${SERVICES} services`, [offlineRun(many)]);
    fs.rmSync(path.join(root, ".modelport", "contexts", path.basename(many).split(".")[1] ?? ""), {
      recursive: true,
      force: true,
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  for (const miss of missed) console.log(`missed: ${miss}`);
  if (missed.length > 0) process.exitCode = 1;
}

main();
