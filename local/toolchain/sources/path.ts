import * as fs from "node:fs";
import * as path from "node:path";

import { cacheDir } from "../../paths";
import { run } from "../run";

/** What makes the executables on PATH good enough. */
export interface PathSpec {
  /** All needed executables are in one folder: parts of one installation. */
  together?: boolean;
  /** Asked of each of these executables; no entry: any version will do. */
  version?: { arguments: Record<string, string[]>; from: string; below?: string };
}

export interface FoundOnPath {
  version: string;
  /** Absolute paths by executable name. */
  bin: Record<string, string>;
}

/**
 * The tool on PATH, if all of its executables are there, in the range of versions, and agree on the
 * version. Answers of executables that ran to their end are kept by path, size and time, so that nothing is run twice.
 */
export async function findOnPath(
  names: readonly string[],
  spec: PathSpec,
  searchPath = process.env["PATH"] ?? "",
): Promise<FoundOnPath | undefined> {
  const entries = searchPath.split(path.delimiter);
  // The Node that runs this may well have been called by its path.
  if (names.includes("node")) entries.unshift(path.dirname(process.execPath));
  const folders = entries.filter((folder) => path.isAbsolute(folder));
  const oneByOne = spec.together === true || names.length === 1;
  for (const candidates of oneByOne ? folders.map((one) => [one]) : [folders]) {
    const bin = locate(names, candidates);
    if (bin === undefined) continue;
    const version = await agreedVersion(bin, spec);
    if (version !== undefined) return { version, bin };
  }
  return undefined;
}

function locate(names: readonly string[], folders: string[]): Record<string, string> | undefined {
  const bin: Record<string, string> = {};
  for (const name of names) {
    const found = folders.map((folder) => path.join(folder, name)).find(isExecutable);
    if (found === undefined) return undefined;
    bin[name] = found;
  }
  return bin;
}

export function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

async function agreedVersion(
  bin: Record<string, string>,
  { version: wanted }: PathSpec,
): Promise<string | undefined> {
  if (wanted === undefined) return "any";
  const versions = new Set<string | undefined>();
  for (const [name, args] of Object.entries(wanted.arguments)) {
    versions.add(await versionOf(bin[name] ?? name, args));
  }
  const [version] = versions;
  if (versions.size !== 1 || version === undefined) return undefined;
  const good =
    compareVersions(version, wanted.from) >= 0 &&
    (wanted.below === undefined || compareVersions(version, wanted.below) < 0);
  return good ? version : undefined;
}

/** Compares `1.6.20` with `1.10`, number by number. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number)) as [
    number[],
    number[],
  ];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

interface Answer {
  mtimeMs: number;
  size: number;
  version: string | null;
}

/** The first `1.2` or `1.2.3` that the executable prints. */
async function versionOf(file: string, args: string[]): Promise<string | undefined> {
  const { mtimeMs, size } = fs.statSync(file);
  const question = [file, ...args].join(" ");
  const known = readAnswers()[question];
  if (known?.mtimeMs === mtimeMs && known.size === size) return known.version ?? undefined;
  const { code, output } = await run(file, args, { timeoutSeconds: 10 });
  // Cut short it has said nothing; the next time it may.
  if (code === null) return undefined;
  const version = code === 0 ? (/\d+\.\d+(\.\d+)?/.exec(output)?.[0] ?? null) : null;
  writeAnswers({ ...readAnswers(), [question]: { mtimeMs, size, version } });
  return version ?? undefined;
}

function answersFile(): string {
  return path.join(cacheDir(), "path-versions.json");
}

function readAnswers(): Record<string, Answer> {
  try {
    return JSON.parse(fs.readFileSync(answersFile(), "utf8")) as Record<string, Answer>;
  } catch {
    return {};
  }
}

function writeAnswers(answers: Record<string, Answer>): void {
  const partial = `${answersFile()}.${process.pid}`;
  fs.mkdirSync(cacheDir(), { recursive: true });
  fs.writeFileSync(partial, JSON.stringify(answers, undefined, 2));
  fs.renameSync(partial, answersFile());
}
