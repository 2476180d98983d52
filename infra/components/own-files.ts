import * as fs from "node:fs";
import * as path from "node:path";
import { Ignore, type Matches } from "../../local/providers/docker/ignore";
import type { ContextFile } from "./build-context";

export interface OwnFiles {
  readonly files: readonly ContextFile[];
  /** Symbolic links, relative to the folder, that lead out of it or nowhere: a builder would not find what they stand for. */
  readonly loose: readonly string[];
}

/**
 * The files of a folder of the user's own that an image is built from: all but .git and what Docker ignores. Links within the folder are
 * followed, as data that DVC or git-annex keeps stands behind such.
 * @param dockerfile within the folder; `<Dockerfile>.dockerignore` is preferred to the folder's own
 */
export function ownFiles(folder: string, dockerfile: string): OwnFiles {
  const root = fs.realpathSync(folder);
  const ignore = readIgnore(root, dockerfile);
  const kept = new Set([path.posix.normalize(dockerfile)]);
  const files: ContextFile[] = [];
  const loose: string[] = [];
  const visit = (below: string, parent: Matches, inside: readonly string[]): void => {
    for (const name of fs.readdirSync(path.join(root, below)).sort()) {
      const target = below === "" ? name : `${below}/${name}`;
      if (target === ".git") continue;
      const { ignored, matches } = ignore.match(target, parent);
      const skipped = ignored && !kept.has(target);
      const source = realPath(path.join(root, target));
      const found = source === undefined ? undefined : fs.statSync(source);
      const isInside = source?.startsWith(root + path.sep) === true;
      if (source === undefined || found === undefined || !isInside) {
        if (!skipped) loose.push(target);
      } else if (found.isDirectory()) {
        // A link to a folder that it is in has no end.
        if (inside.includes(source)) loose.push(target);
        else if (!ignored || ignore.hasExceptions) visit(target, matches, [...inside, source]);
      } else if (found.isFile() && !skipped) files.push({ source, target });
    }
  };
  visit("", [], [root]);
  return { files, loose };
}

function realPath(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch {
    return undefined;
  }
}

function readIgnore(root: string, dockerfile: string): Ignore {
  const file = [`${dockerfile}.dockerignore`, ".dockerignore"]
    .map((name) => path.join(root, name))
    .find((name) => fs.existsSync(name));
  return new Ignore(file === undefined ? "" : fs.readFileSync(file, "utf8"));
}
