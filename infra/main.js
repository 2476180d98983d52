"use strict";
// Entry point of `pulumi preview | up | destroy`: plain JavaScript, because TypeScript compiled on the fly costs each run
// one to four seconds. What is stale in dist/ is bundled first, without a type check (lint and CI do that).
const { enableCompileCache } = require("node:module");
const path = require("node:path");

enableCompileCache?.();
mapStacksOfFailuresOnly();
// @pulumi/pulumi loads both at its start, a third of a second; this program uses neither.
defer("@pulumi/pulumi/automation");
defer("@npmcli/arborist", path.dirname(require.resolve("@pulumi/pulumi")));
require("../local/build").build(["infra", "server"]);

/** Pulumi calls an exported function and takes what it resolves to as the stack's outputs. */
module.exports = require("../dist/infra").program;

/**
 * Pulumi's host installs source-map-support, and each resource writes down its stack: the map of the whole bundle would be
 * parsed for that, 0.2 s a run. V8 formats a stack when it is first read, so it is enough to have the hook back for a failure.
 */
function mapStacksOfFailuresOnly() {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = undefined;
  for (const event of ["uncaughtException", "unhandledRejection"])
    process.prependListener(event, () => {
      Error.prepareStackTrace = prepareStackTrace;
    });
}

/** Puts a stand-in into the module cache that loads the module when something of it is first read. */
function defer(name, from = __dirname) {
  const id = require.resolve(name, { paths: [from] });
  if (require.cache[id] !== undefined) return;
  const load = () => {
    delete require.cache[id];
    return require(id);
  };
  const exports = new Proxy(
    {},
    {
      get: (_, key) => (key === "__esModule" ? true : load()[key]),
      has: (_, key) => key in load(),
    },
  );
  require.cache[id] = Object.assign(new module.constructor(id), { exports, loaded: true });
}
