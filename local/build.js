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
// With all below them. Not @pulumi/ibm: sdks/ibm is TypeScript of this repository, and is bundled.
const pulumi = [
  "@pulumi/pulumi",
  "@pulumi/kubernetes",
  "@pulumi/docker",
  "@pulumi/gcp",
  "esbuild",
  "typescript",
  "onnxruntime-node",
  "@cyclonedx/cyclonedx-library",
  "google-auth-library",
];

/** `with`: bundles that are loaded by this one. @type {Record<string, { entry: string, external: string[], with?: string[] }>} */
const bundles = {
  cli: { entry: "cli/main.ts", external: pulumi },
  infra: { entry: "infra/index.ts", external: pulumi },
  offline: { entry: "infra/offline.ts", external: pulumi },
  image: { entry: "infra/image.ts", external: pulumi },
  server: {
    entry: "app/server/main.ts",
    // Loaded when needed: in one bundle they would cost every start 60 ms and 14 MB.
    external: ["onnxruntime-node", "./server-grpc", "./server-tracing"],
    with: ["server-worker", "server-grpc", "server-tracing"],
  },
  "server-grpc": { entry: "app/server/server-grpc.ts", external: [] },
  "server-tracing": { entry: "app/server/server-tracing.ts", external: [] },
  "server-worker": { entry: "app/server/evaluator/worker.ts", external: ["onnxruntime-node"] },
  supervisor: { entry: "local/cluster/supervisor/main.ts", external: [] },
  "provider-kubernetes": { entry: "local/providers/kubernetes/main.ts", external: [] },
  "provider-docker": { entry: "local/providers/docker/main.ts", external: [] },
};

/** @param {string[]} names which bundles must be up to date on return */
function build(names) {
  for (const name of names.flatMap((own) => [own, ...(bundles[own].with ?? [])]))
    if (isStale(name)) bundle(name);
}

/** How esbuild makes a bundle. @param {string} name */
function bundleOptions(name) {
  const { entry, external } = bundles[name];
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: `dist/${name}.js`,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    // The server's `import()` of its other bundles: a `require`, when it is reached.
    supported: name.startsWith("server") ? { "dynamic-import": false } : {},
    external,
    sourcemap: true,
    sourcesContent: false,
    keepNames: true,
    // Node keeps a source in memory as long as it runs: the server's are as short as their names allow.
    minifyWhitespace: name.startsWith("server"),
    minifySyntax: name.startsWith("server"),
    metafile: true,
    write: /** @type {const} */ (false),
    logLevel: "error",
    // ES modules among the dependencies resolve files beside themselves; a bundle has one place.
    define: { "import.meta.url": "importMetaUrl" },
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  };
}

/** @param {string} name */
function bundle(name) {
  const result = require("esbuild").buildSync(bundleOptions(name));
  fs.mkdirSync(dist, { recursive: true });
  const inputs = Object.keys(result.metafile.inputs).filter(
    (file) => !file.includes("node_modules"),
  );
  const stamp = JSON.stringify({
    made: fingerprint(inputs),
    inputs,
    packages: packagesIn(result.metafile),
  });
  for (const file of result.outputFiles) replace(file.path, file.contents);
  replace(path.join(dist, `${name}.inputs.json`), stamp);
}

/**
 * Folders of the npm packages whose code is in the bundle, for the image's bill of materials: what was dropped is not listed.
 * @param {import("esbuild").Metafile} metafile @returns {string[]}
 */
function packagesIn({ outputs }) {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0),
  );
  const folders = files.flatMap(
    (file) => /\bnode_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? [],
  );
  return [...new Set(folders)].sort();
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

module.exports = { build, bundleOptions };
if (require.main === module)
  build(process.argv.length > 2 ? process.argv.slice(2) : Object.keys(bundles));
