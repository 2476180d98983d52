import { createHash } from "node:crypto";
import { open, readdir, stat } from "node:fs/promises";
import path from "node:path";

/** Read at once: so much is hashed without letting anybody else have the thread. */
const CHUNK_BYTES = 1024 * 1024;

/** Names of the folders in `folder`, sorted; what starts with `.` or `_` and a volume's lost+found are no models. */
export async function folders(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if ((entry.isDirectory() || entry.isSymbolicLink()) && !/^[._]|^lost\+found$/.test(entry.name))
      names.push(entry.name);
  return names.sort();
}

/** Numbers of the version folders in `folder`, newest first. */
export async function versionFolders(folder: string): Promise<string[]> {
  const numbers = (await folders(folder)).filter((name) => /^[1-9][0-9]{0,8}$/.test(name));
  return numbers.sort((a, b) => Number(b) - Number(a));
}

/** Tells one state of a file from another without reading it: changed, replaced or gone. */
export async function print(file: string): Promise<string> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(file);
    return `${mtimeMs}:${ctimeMs}:${size}:${ino}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unreadable";
  }
}

/**
 * The content of `name` in `folder`.
 * @throws Error when it can't be read or its SHA-256 is not `sha256`.
 */
export async function readChecked(
  folder: string,
  name: string,
  sha256: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path.join(folder, name));
  try {
    const content = new Uint8Array((await file.stat()).size);
    const hash = createHash("sha256");
    let at = 0;
    while (at < content.length) {
      const length = Math.min(CHUNK_BYTES, content.length - at);
      const { bytesRead } = await file.read(content, at, length, at);
      if (bytesRead === 0) throw new Error(`${name} became shorter while it was read`);
      hash.update(content.subarray(at, at + bytesRead));
      at += bytesRead;
    }
    const got = hash.digest("hex");
    if (got !== sha256) throw new Error(`${name} has SHA-256 ${got}, model.json says ${sha256}`);
    return content;
  } finally {
    await file.close();
  }
}
