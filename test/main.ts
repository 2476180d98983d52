/** `npm test`: all kinds of tests, in two lanes side by side, since most of them keep one core busy. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { repositoryRoot } from "../local/paths";

/** Scripts of package.json, `here:<name>`. */
const LANES = [
  ["lint", "manifests", "fuzz-test", "clients", "parity", "journeys"],
  ["unit", "contract", "e2e-tests"],
] as const;

/** What of a stage that failed is shown once more at the end, where it isn't looked for among the other lane's lines. */
const LAST_LINES = 100;
const WIDTH = Math.max(...LANES.flat().map((name) => name.length));

interface Stage {
  readonly name: string;
  readonly seconds: number;
  readonly passed: boolean;
  readonly lines: readonly string[];
}

/** Up to the first stage that fails; one that is under way beside it comes to its end. @returns the exit code */
async function main(): Promise<number> {
  const ended: Stage[] = [];
  const travel = async (lane: readonly string[]): Promise<void> => {
    for (const name of lane) {
      if (ended.some(({ passed }) => !passed)) return;
      ended.push(await run(name));
    }
  };
  await Promise.all(LANES.map(travel));
  const failed = ended.filter(({ passed }) => !passed);
  for (const { name, lines } of failed)
    console.log(`\n${name} failed:\n\n${lines.slice(-LAST_LINES).join("\n")}`);
  console.log(`\n${ended.map(row).join("\n")}`);
  return failed.length === 0 ? 0 : 1;
}

function run(name: string): Promise<Stage> {
  const began = Date.now();
  const lines: string[] = [];
  const child = spawn(process.execPath, ["--run", `here:${name}`], {
    cwd: repositoryRoot(),
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on("line", (line) => {
      lines.push(line);
      console.log(`${name.padEnd(WIDTH)} │ ${line}`);
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ name, seconds: (Date.now() - began) / 1000, passed: code === 0, lines }),
    );
  });
}

const row = ({ name, seconds, passed }: Stage): string =>
  `${name.padEnd(WIDTH)} ${seconds.toFixed(0).padStart(5)} s  ${passed ? "ok" : "FAILED"}`;

void main().then((code) => (process.exitCode = code));
