import * as fs from "node:fs";
import * as path from "node:path";

import type { Place } from "./source";

/**
 * Fills `exec/` with a link to each executable of unpacked packages; for those that use a library
 * that came along, with a script that shows it to them. So callers need no environment of their
 * own, and other programs may call the executables, too.
 *
 * @param bin paths inside the packages, by executable name
 * @returns the paths in `exec/`
 */
export function expose(
  { dir, folder }: Place,
  bin: Record<string, string>,
): Record<string, string> {
  fs.mkdirSync(path.join(dir, "exec"), { recursive: true });
  const libraries = libraryFolders(dir);
  const names = libraries.flatMap((library) => fs.readdirSync(path.join(dir, library)));
  const searched = libraries.map((library) => path.join(folder, library)).join(":");
  const exposed: Record<string, string> = {};
  for (const [name, wanted] of Object.entries(bin)) {
    const file = merged(dir, wanted);
    const target = path.join(dir, "exec", name);
    if (uses(path.join(dir, file), names)) {
      const script = `#!/bin/sh\nexport LD_LIBRARY_PATH="${searched}"\nexec "${path.join(folder, file)}" "$@"\n`;
      fs.writeFileSync(target, script, { mode: 0o755 });
    } else {
      fs.symlinkSync(path.join("..", file), target);
    }
    exposed[name] = `exec/${name}`;
  }
  return exposed;
}

/** `bin/ip` in one release is `usr/bin/ip` in the next. */
function merged(dir: string, file: string): string {
  const found = [file, `usr/${file}`].find((one) => fs.existsSync(path.join(dir, one)));
  if (found === undefined) throw new Error(`the packages in ${dir} have no ${file}`);
  return found;
}

/**
 * Whether an executable names one of the libraries. Static ones don't, and must not become scripts:
 * docker-init, for one, is mounted into containers.
 */
function uses(executable: string, libraries: string[]): boolean {
  const contents = fs.readFileSync(executable);
  return libraries.some((name) => /\.so(\.|$)/.test(name) && contents.includes(`\0${name}\0`));
}

/** `usr/lib/x86_64-linux-gnu` and the like: where the packages put their shared libraries. */
function libraryFolders(dir: string): string[] {
  return ["usr/lib", "lib"]
    .filter((lib) => fs.existsSync(path.join(dir, lib)))
    .flatMap((lib) => fs.readdirSync(path.join(dir, lib)).map((name) => path.join(lib, name)))
    .filter((folder) => /-linux-gnu\w*$/.test(folder));
}
