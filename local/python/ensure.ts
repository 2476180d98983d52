import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { ExitCode, UserError } from "../errors";
import type { Progress, Step } from "../progress";
import {
  makeFolder,
  readReceipt,
  removeAbandoned,
  toolFolder,
  withLock,
  type Receipt,
} from "../toolchain/cache";
import { requireSpace } from "../toolchain/ensure";
import { run, tail } from "../toolchain/run";
import { findInterpreter, type Interpreter, type PythonRange } from "./interpreter";

export interface PythonOptions extends Partial<PythonRange> {
  progress: Progress;
}

/** A virtual environment with the packages of one requirements file. */
export interface Python {
  /** Its interpreter, as an absolute path. */
  python: string;
  /** Its folder; scripts of packages are in `bin`. */
  dir: string;
  /** As "3.11.7". */
  version: string;
}

/** What the pinned packages of this repository have wheels for. */
const DEFAULT_RANGE: PythonRange = { from: "3.11", below: "3.14" };

/** Bytes: TensorFlow takes 1.7 GB, and its download 0.3 GB meanwhile. */
const SPACE = 2.5e9;

/**
 * The virtual environment for a requirements file, made on first use and kept in the tool cache by what the file demands
 * (comments don't count) and the version of Python. All packages should be pinned: what is there is never updated.
 *
 * @param requirementsFile a pip requirements file
 * @param options `from`, `below`: range of Python versions. Default: 3.11 to 3.13
 * @throws UserError with exit code 3: no fitting Python, no venv module, no network, no such package, no space.
 */
export async function ensurePython(
  requirementsFile: string,
  { progress, ...range }: PythonOptions,
): Promise<Python> {
  const requirements = readRequirements(requirementsFile);
  const interpreter = await findInterpreter({ ...DEFAULT_RANGE, ...range });
  const folder = toolFolder("python", keyOf(requirements, interpreter));
  const present = inFolder(folder);
  if (present !== undefined) return present;
  removeAbandoned();
  requireSpace(SPACE);
  return withLock(`python-${path.basename(folder)}`, progress, async () => {
    const made = inFolder(folder);
    if (made !== undefined) return made;
    // One whose Python has been uninstalled has a receipt, and doesn't run.
    fs.rmSync(path.join(folder, "tool.json"), { force: true });
    const step = progress.step(`Python ${interpreter.version}: packages of ${requirementsFile}`);
    try {
      await makeFolder(folder, (place) => fill(place, interpreter, requirementsFile, step));
      step.done();
    } catch (error) {
      step.fail();
      throw error;
    }
    return { python: executableIn(folder), dir: folder, version: interpreter.version };
  });
}

function inFolder(folder: string): Python | undefined {
  const receipt = readReceipt(folder);
  const python = executableIn(folder);
  if (receipt === undefined || !fs.existsSync(python)) return undefined;
  return { python, dir: folder, version: receipt.version };
}

function executableIn(folder: string): string {
  return path.join(folder, "bin", "python");
}

/** Without comments, so that a word more about a package makes no new environment. */
function readRequirements(file: string): string {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new UserError(`${file} can't be read`, {
      why: (error as Error).message,
      fix: "name a pip requirements file",
      exitCode: ExitCode.usage,
    });
  }
  const lines = text.split("\n").map((line) => line.replace(/(^|\s)#.*$/, "").trim());
  return lines.filter((line) => line !== "").join("\n");
}

function keyOf(requirements: string, { executable, version }: Interpreter): string {
  const hash = createHash("sha256").update(`${executable}\n${requirements}`).digest("hex");
  return `${version}-${hash.slice(0, 16)}`;
}

async function fill(
  { dir, folder }: { dir: string; folder: string },
  { executable, version }: Interpreter,
  requirementsFile: string,
  step: Step,
): Promise<Receipt> {
  const made = await run(executable, ["-m", "venv", dir]);
  if (made.code !== 0) throw venvFailed(executable, made.output);
  const args = ["-m", "pip", "install", "--requirement", requirementsFile];
  const quiet = ["--no-input", "--disable-pip-version-check", "--prefer-binary", "--retries", "2"];
  const installed = await run(executableIn(dir), [...args, ...quiet, "--progress-bar", "off"], {
    onLine: (line) => {
      const [, what] = /^((Collecting|Installing) \S+)/.exec(line.trim()) ?? [];
      if (what !== undefined) step.update(what.toLowerCase());
    },
  });
  if (installed.code !== 0) throw pipFailed(requirementsFile, version, installed.output);
  relocate(dir, folder);
  return { version, source: "pip", bin: { python: "bin/python" } };
}

/** Scripts of packages, and venv's own, name the folder they were made in. */
function relocate(dir: string, folder: string): void {
  const bin = path.join(dir, "bin");
  const files = fs.readdirSync(bin).map((name) => path.join(bin, name));
  for (const file of [...files, path.join(dir, "pyvenv.cfg")]) {
    if (!fs.lstatSync(file).isFile()) continue;
    const content = fs.readFileSync(file);
    if (content.includes(0) || !content.includes(dir)) continue;
    fs.writeFileSync(file, content.toString("utf8").replaceAll(dir, folder));
  }
}

function venvFailed(executable: string, output: string): UserError {
  const missing = /ensurepip is not available|No module named (venv|ensurepip)/.test(output);
  return new UserError("no virtual environment for Python packages could be made", {
    why: missing ? `${executable} comes without venv or pip` : tail(output),
    fix: "install it (Debian, Ubuntu: apt-get install python3-venv), or name another: MODELPORT_PYTHON=/path/to/python3",
    exitCode: ExitCode.environment,
  });
}

function pipFailed(file: string, version: string, output: string): UserError {
  const [why, fix] = diagnose(file, version, output);
  return new UserError(`the Python packages of ${file} could not be installed`, {
    why,
    fix,
    exitCode: ExitCode.environment,
  });
}

/** @returns why, fix */
function diagnose(file: string, version: string, output: string): [string, string] {
  if (/no space left|disk quota/i.test(output))
    return ["the disk is full", "free some space (`df -h` shows where) and run this again"];
  if (
    /name resolution|NewConnectionError|Connection refused|timed out|ProxyError|unreachable|SSLError/i.test(
      output,
    )
  )
    return [
      "the Python package index can't be reached",
      "check the network, `pip config list` and the proxy settings, then run this again",
    ];
  const [, name] = /No matching distribution found for (\S+)/.exec(output) ?? [];
  if (name !== undefined)
    return [
      `there is no ${name} for Python ${version} on ${process.platform} ${process.arch}`,
      `check the name in ${file}, or use another Python: MODELPORT_PYTHON=/path/to/python3`,
    ];
  const errors = output.split("\n").filter((line) => /^\s*ERROR:/.test(line));
  return [
    errors.length > 0 ? errors.slice(-3).join("\n       ").trim() : tail(output),
    `run \`pip install -r ${file}\` in an environment of your own to see all of it`,
  ];
}
