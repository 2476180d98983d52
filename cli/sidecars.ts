import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "./state";

const SIDECAR = ".attrs";

/**
 * Removes what a killed `pulumi` left half-written beside a stack's files. The file backend replaces each file at once, but not
 * the one with its attributes (gocloud.dev/blob/fileblob, setAttrs): left empty, it makes every command fail with "failed to load
 * checkpoint: EOF". Without it nothing is missing.
 *
 * @param directory of the backend
 */
export function removeCutSidecars(directory: string, stack: string): void {
  const root = path.join(directory, ".pulumi");
  const stacks = path.join(root, "stacks", PROJECT);
  const candidates = [
    path.join(root, `meta.yaml${SIDECAR}`),
    ...sidecarsIn(stacks).filter((file) => path.basename(file).startsWith(`${stack}.json`)),
    ...sidecarsIn(path.join(root, "history", PROJECT, stack)),
  ];
  for (const file of candidates)
    if (fs.statSync(file, { throwIfNoEntry: false })?.size === 0) fs.rmSync(file, { force: true });
}

function sidecarsIn(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(SIDECAR))
    .map((name) => path.join(folder, name));
}
