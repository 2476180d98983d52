import * as fs from "node:fs";
import * as path from "node:path";
import { cacheDir } from "../paths";
import type { Tool } from "../toolchain";
import { strip } from "./strip";

/** Where the public distroless Node images have it too, so that one Dockerfile fits either. */
const NODE = "nodejs/bin/node";
const NONROOT = 65532;
/** Changes whenever this file lays the image out differently. */
const RECIPE = "2";

/**
 * The build context of the embedded cluster's base image: Node, the C and C++ libraries, a non-root user; no shell.
 * Assembled once in the tool cache from the pinned Node and Debian's packages.
 */
export function nodeImageContext(
  node: Tool,
  libraries: Tool,
): { directory: string; contents: string[] } {
  const contents = [`recipe ${RECIPE}`, `node ${node.version}`, libraries.version, process.arch];
  const directory = path.join(
    cacheDir(),
    "images",
    contents.join("_").replaceAll(/[^\w.+-]/g, "-"),
  );
  if (fs.existsSync(directory)) return { directory, contents };

  const partial = `${directory}.${process.pid}`;
  fs.rmSync(partial, { recursive: true, force: true });
  const root = path.join(partial, "root");
  copyLibraries(libraries.dir, root);
  write(
    path.join(root, "etc/passwd"),
    `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${NONROOT}:${NONROOT}:nonroot:/home/nonroot:/sbin/nologin\n`,
  );
  write(path.join(root, "etc/group"), `root:x:0:\nnonroot:x:${NONROOT}:\n`);
  write(path.join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
  fs.mkdirSync(path.join(root, "home/nonroot"), { recursive: true });
  fs.mkdirSync(path.join(root, "tmp"), { recursive: true });
  fs.chmodSync(path.join(root, "tmp"), 0o1777);
  const binary = path.join(root, NODE);
  fs.mkdirSync(path.dirname(binary), { recursive: true });
  fs.writeFileSync(binary, strip(fs.readFileSync(node.bin["node"] ?? "")), { mode: 0o755 });
  write(
    path.join(partial, "Dockerfile"),
    `FROM scratch\nCOPY root /\nUSER ${NONROOT}:${NONROOT}\nENV PATH=/nodejs/bin NODE_ENV=production\nENTRYPOINT ["/${NODE}"]\n`,
  );
  publish(partial, directory);
  return { directory, contents };
}

/** Somebody else may have been quicker; theirs is the same. */
function publish(made: string, directory: string): void {
  try {
    fs.renameSync(made, directory);
  } catch (error) {
    if (!fs.existsSync(directory)) throw error;
    fs.rmSync(made, { recursive: true, force: true });
  }
}

/** Shared libraries and the loader, where the loader looks for them; links stay links. */
function copyLibraries(from: string, to: string): void {
  for (const relative of ["lib", "lib64", "usr/lib"]) {
    const source = path.join(from, relative);
    if (!fs.existsSync(source)) continue;
    fs.cpSync(source, path.join(to, relative), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) =>
        fs.statSync(file).isDirectory() ? !/gconv|audit$/.test(file) : /\.so(\.|$)/.test(file),
    });
  }
}

function write(file: string, contents: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, contents);
}
