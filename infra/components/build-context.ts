import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** One file of a context: where it comes from (absolute) and where it goes (relative, with slashes). */
export interface ContextFile {
  readonly source: string;
  readonly target: string;
}

export interface StagedContext {
  /** Relative to infra/, where Pulumi runs program and plugins (`main:` decides), so that two checkouts agree. */
  readonly path: string;
  /** SHA-256 over paths, modes and contents. */
  readonly hash: string;
}

/** All files get this time: an image's layers then depend on contents only. */
const MODIFIED = new Date("1980-01-01T00:00:00Z");

/** A staged file, as it was when it was copied. */
export interface Entry {
  target: string;
  size: number;
  mtimeMs: number;
  executable: boolean;
  sha256: string;
}

/** Every file below a staged folder. */
export function folderFiles(folder: string): ContextFile[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((source) => ({ source, target: path.relative(folder, source).split(path.sep).join("/") }));
}

/**
 * Copies the files into `.modelport/contexts/<stack>/<service>`, with modes 0644 or 0755 and one time for all.
 * A file that is there, unchanged in size and time since it was copied, is neither read nor written.
 */
export function stageContext(
  root: string,
  stack: string,
  service: string,
  files: readonly ContextFile[],
): StagedContext {
  const relative = path.posix.join(".modelport", "contexts", stack, service);
  const context = path.join(root, relative);
  const stamp = `${context}.json`;
  const entries = stageFiles(context, files, readStamp(stamp));
  replace(stamp, JSON.stringify(entries));
  const hash = createHash("sha256");
  for (const { target, executable, sha256 } of entries)
    hash.update(`${target}\0${executable ? "755" : "644"}\0${sha256}\n`);
  return { path: `../${relative}`, hash: hash.digest("hex") };
}

/**
 * Makes a folder hold these files and nothing else.
 * @param known what was staged there before, by target
 */
export function stageFiles(
  folder: string,
  files: readonly ContextFile[],
  known: ReadonlyMap<string, Entry> = new Map(),
): Entry[] {
  const sorted = [...files].sort((a, b) => (a.target < b.target ? -1 : 1));
  const entries = sorted.map((file) => stageFile(folder, file, known.get(file.target)));
  removeOthers(folder, new Set(sorted.map(({ target }) => target)));
  normaliseFolders(folder);
  return entries;
}

function readStamp(stamp: string): Map<string, Entry> {
  try {
    const entries = JSON.parse(fs.readFileSync(stamp, "utf8")) as Entry[];
    return new Map(entries.map((entry) => [entry.target, entry]));
  } catch {
    return new Map();
  }
}

function stageFile(context: string, file: ContextFile, known: Entry | undefined): Entry {
  const copy = path.join(context, file.target);
  const { size, mtimeMs, mode } = fs.statSync(file.source);
  const executable = isExecutable(file.target, mode);
  const unchanged =
    known?.size === size &&
    known.mtimeMs === mtimeMs &&
    known.executable === executable &&
    isAsStaged(copy, size, executable);
  const origin = [file.source, size, mtimeMs, executable].join("\0");
  const twin = staged.get(origin);
  const sha256 = unchanged
    ? known.sha256
    : twin !== undefined && link(twin.copy, copy, size, executable)
      ? twin.sha256
      : write(file.source, copy, executable);
  staged.set(origin, { copy, sha256 });
  return unchanged ? known : { target: file.target, size, mtimeMs, executable, sha256 };
}

/** What this process has staged, by source and its state: services of a stack share one file on disk, 50 MB each. */
const staged = new Map<string, { readonly copy: string; readonly sha256: string }>();

/** @returns whether the file system can do that; staged files are replaced, never written to, so that twins don't notice */
function link(twin: string, copy: string, size: number, executable: boolean): boolean {
  if (!isAsStaged(twin, size, executable)) return false;
  fs.mkdirSync(path.dirname(copy), { recursive: true });
  const partial = partialOf(copy);
  try {
    fs.rmSync(partial, { force: true });
    fs.linkSync(twin, partial);
    fs.renameSync(partial, copy);
    // Renaming does nothing where both are one file already.
    fs.rmSync(partial, { force: true });
    return true;
  } catch {
    return false;
  }
}

/** @returns the SHA-256 */
function write(source: string, copy: string, executable: boolean): string {
  const content = fs.readFileSync(source);
  replace(copy, content, executable ? 0o755 : 0o644);
  return createHash("sha256").update(content).digest("hex");
}

/** A checkout's umask or file system may set or drop bits; what runs in the image is executed by name of its interpreter. */
function isExecutable(target: string, mode: number): boolean {
  return /\.(?:js|json|node|onnx|so(?:\.\d+)*)$|(?:^|\/)Dockerfile$/.test(target)
    ? false
    : (mode & 0o100) !== 0;
}

function isAsStaged(copy: string, size: number, executable: boolean): boolean {
  const found = fs.statSync(copy, { throwIfNoEntry: false });
  return (
    found?.size === size &&
    found.mtimeMs === MODIFIED.getTime() &&
    (found.mode & 0o777) === (executable ? 0o755 : 0o644)
  );
}

/** Beside, then renamed: two runs at once never see half a file. */
function replace(file: string, content: string | Buffer, mode = 0o644): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const partial = partialOf(file);
  fs.writeFileSync(partial, content);
  fs.chmodSync(partial, mode);
  fs.utimesSync(partial, MODIFIED, MODIFIED);
  fs.renameSync(partial, file);
}

const partialOf = (file: string) =>
  path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.part`);

function removeOthers(context: string, wanted: ReadonlySet<string>): void {
  for (const { source, target } of folderFiles(context))
    if (!wanted.has(target) && !target.endsWith(".part")) fs.rmSync(source, { force: true });
}

/** Folders that hold nothing go; the rest get one mode and time, as they are part of the tar that is sent. */
function normaliseFolders(folder: string): void {
  const children = fs.readdirSync(folder, { withFileTypes: true });
  for (const child of children)
    if (child.isDirectory()) {
      const below = path.join(folder, child.name);
      normaliseFolders(below);
      if (fs.readdirSync(below).length === 0) fs.rmdirSync(below);
    }
  const { mode, mtimeMs } = fs.statSync(folder);
  if ((mode & 0o777) !== 0o755) fs.chmodSync(folder, 0o755);
  if (mtimeMs !== MODIFIED.getTime()) fs.utimesSync(folder, MODIFIED, MODIFIED);
}
