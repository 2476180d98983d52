"use strict";
// Loaded before Pulumi by whatever runs the program: a fast start. Plain JavaScript, like infra/main.js.
const { enableCompileCache } = require("node:module");
const path = require("node:path");

enableCompileCache?.();
// @pulumi/pulumi loads both at its start, a third of a second; this program uses neither.
defer("@pulumi/pulumi/automation");
defer("@npmcli/arborist", path.dirname(require.resolve("@pulumi/pulumi")));

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
