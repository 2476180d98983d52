"use strict";
/**
 * Bundles the TypeScript entry points into dist/, each only when a file it was made of changed.
 * Plain JavaScript, because it runs before anything is compiled: from the CLI's bootstrap and from
 * infra/main.js, so that a plain `pulumi up` starts as fast as compiled JavaScript.
 */
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..");
const dist = path.join(root, "dist");
const pulumi = ["@pulumi/*", "esbuild", "typescript", "onnxruntime-node"];

/** @type {Record<string, { entry: string, external: string[] }>} */
const bundles = {
  cli: { entry: "cli/main.ts", external: pulumi },
  infra: { entry: "infra/index.ts", external: pulumi },
  offline: { entry: "infra/offline.ts", external: pulumi },
  server: { entry: "app/server/main.ts", external: ["onnxruntime-node"] },
  supervisor: { entry: "local/cluster/supervisor/main.ts", external: [] },
  "provider-kubernetes": { entry: "local/providers/kubernetes/main.ts", external: [] },
  "provider-docker": { entry: "local/providers/docker/main.ts", external: [] },
};

/** @param {string[]} names which bundles must be up to date on return */
function build(names) {
  for (const name of names) if (isStale(name)) bundle(name);
}

/** @param {string} name */
function bundle(name) {
  const { entry, external } = bundles[name];
  const result = require("esbuild").buildSync({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: `dist/${name}.js`,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    external,
    sourcemap: true,
    sourcesContent: false,
    keepNames: true,
    metafile: true,
    write: false,
    logLevel: "error",
    // ES modules among the dependencies resolve files beside themselves; a bundle has one place.
    define: { "import.meta.url": "importMetaUrl" },
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
  fs.mkdirSync(dist, { recursive: true });
  const inputs = Object.keys(result.metafile.inputs).filter(
    (file) => !file.includes("node_modules"),
  );
  const stamp = JSON.stringify({ made: fingerprint(inputs), inputs });
  for (const file of result.outputFiles) replace(file.path, file.contents);
  replace(path.join(dist, `${name}.inputs.json`), stamp);
}

/** @param {string} name */
function isStale(name) {
  try {
    const stamp = JSON.parse(fs.readFileSync(path.join(dist, `${name}.inputs.json`), "utf8"));
    return (
      !fs.existsSync(path.join(dist, `${name}.js`)) || fingerprint(stamp.inputs) !== stamp.made
    );
  } catch {
    return true;
  }
}

/** Modification time and size of every source, and of the lock file for the dependencies. @param {string[]} files */
function fingerprint(files) {
  return ["package-lock.json", "local/build.js", ...files]
    .map((file) => {
      const { mtimeMs, size } = fs.statSync(path.join(root, file));
      return `${file}:${mtimeMs}:${size}`;
    })
    .join("\n");
}

/** Two builds at once must not see half a file. @param {string} file @param {string | Uint8Array} contents */
function replace(file, contents) {
  const partial = `${file}.${process.pid}`;
  fs.writeFileSync(partial, contents);
  fs.renameSync(partial, file);
}

module.exports = { build };
if (require.main === module)
  build(process.argv.length > 2 ? process.argv.slice(2) : Object.keys(bundles));
