"use strict";
// Entry point of `pulumi preview | up | destroy`: plain JavaScript, because TypeScript compiled on the fly costs each run
// one to four seconds. What is stale in dist/ is bundled first, without a type check (lint and CI do that).
require("./lean-pulumi");
mapStacksOfFailuresOnly();
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
