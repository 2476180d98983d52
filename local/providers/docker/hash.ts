/**
 * The digest of a build context that decides whether an image is built again. It must be the official
 * provider's to the bit, or the first update after a change of plugin would rebuild everything
 * (pulumi/pulumi-docker provider/provider.go: hashContext, contextHashAccumulator).
 */
import { createHash, type Hash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Ignore, type Matches } from "./ignore";

/** @param dockerfile relative to the working folder, as `context` is */
export async function hashContext(context: string, dockerfile: string): Promise<string> {
  const total = createHash("sha256");
  // Once as "Dockerfile" with no permission bits, whatever its name, and again where it is found.
  await hashFile(total, dockerfile, "Dockerfile", undefined);
  await hashFolder(total, context, "", readIgnore(context, dockerfile), []);
  return total.digest("hex");
}

/** `<Dockerfile>.dockerignore` is preferred to the context's own. */
function readIgnore(context: string, dockerfile: string): Ignore {
  for (const file of [`${dockerfile}.dockerignore`, path.join(context, ".dockerignore")])
    if (fs.existsSync(file)) return new Ignore(fs.readFileSync(file, "utf8"));
  return new Ignore("");
}

async function hashFolder(
  total: Hash,
  context: string,
  folder: string,
  ignore: Ignore,
  parentMatches: Matches,
): Promise<void> {
  const names = await fs.promises.readdir(path.join(context, folder));
  // Go sorts bytes, not UTF-16 units.
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    const relative = folder === "" ? name : `${folder}/${name}`;
    const { ignored, matches } = ignore.match(relative, parentMatches);
    const stat = await fs.promises.lstat(path.join(context, relative));
    if (stat.isDirectory()) {
      if (!ignored || ignore.hasExceptions)
        await hashFolder(total, context, relative, ignore, matches);
    } else if (!ignored) {
      await hashFile(total, path.join(context, relative), relative, stat);
    }
  }
}

async function hashFile(
  total: Hash,
  file: string,
  name: string,
  stat: fs.Stats | undefined,
): Promise<void> {
  const content = createHash("sha256");
  if (stat?.isSymbolicLink() === true) content.update(path.normalize(resolveLinks(file)));
  else if (stat === undefined || stat.isFile())
    for await (const chunk of fs.createReadStream(file)) content.update(chunk as Buffer);
  total.update(path.posix.normalize(name));
  total.update(stat === undefined ? "----------" : goMode(stat));
  total.update(content.digest());
  total.update(Buffer.of(0));
}

/** Go's fs.FileMode as text, e.g. `-rw-r--r--`, `Lrwxrwxrwx`. */
export function goMode(stat: fs.Stats): string {
  const flags = [
    [stat.isSymbolicLink(), "L"],
    [stat.isBlockDevice() || stat.isCharacterDevice(), "D"],
    [stat.isFIFO(), "p"],
    [stat.isSocket(), "S"],
    [(stat.mode & 0o4000) !== 0, "u"],
    [(stat.mode & 0o2000) !== 0, "g"],
    [stat.isCharacterDevice(), "c"],
    [(stat.mode & 0o1000) !== 0, "t"],
  ] as const;
  const prefix = flags.map(([isSet, letter]) => (isSet ? letter : "")).join("");
  const bits = Array.from("rwxrwxrwx", (letter, index) =>
    (stat.mode & (1 << (8 - index))) === 0 ? "-" : letter,
  );
  return (prefix === "" ? "-" : prefix) + bits.join("");
}

const maxLinks = 255;

/** As Go's filepath.EvalSymlinks: a relative path stays relative, so checkouts agree. */
function resolveLinks(file: string): string {
  let pending = file.split("/");
  let resolved = file.startsWith("/") ? "/" : "";
  for (let links = 0; pending.length > 0;) {
    const [name = "", ...rest] = pending;
    pending = rest;
    if (name === "" || name === ".") continue;
    const next = name === ".." ? path.join(resolved, "..") : path.join(resolved, name);
    if (name !== ".." && fs.lstatSync(next).isSymbolicLink()) {
      if (++links > maxLinks) throw new Error(`too many symbolic links in ${file}`);
      const target = fs.readlinkSync(next);
      if (target.startsWith("/")) resolved = "/";
      pending = [...target.split("/"), ...pending];
    } else {
      resolved = next;
    }
  }
  return resolved === "" ? "." : resolved;
}
