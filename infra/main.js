"use strict";
// Entry point of `pulumi preview | up | destroy`: plain JavaScript, because TypeScript compiled on the fly costs each run
// one to four seconds. What is stale in dist/ is bundled first, without a type check (lint and CI do that).
const { enableCompileCache } = require("node:module");

enableCompileCache?.();
process.setSourceMapsEnabled(true);
require("../local/build").build(["infra", "server"]);

/** Pulumi calls an exported function and takes what it resolves to as the stack's outputs. */
module.exports = require("../dist/infra").program;
