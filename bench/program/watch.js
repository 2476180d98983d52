"use strict";
// node --require this: when the process ends, it writes to $MODELPORT_WATCH, as JSON, when it registered its first resource (in
// milliseconds from the start of the process), which of Pulumi's packages it had loaded, and how much memory it had at most, in kilobytes.
const fs = require("node:fs");
const { MockMonitor } = require("@pulumi/pulumi/runtime/mocks");

let startMs;
const { registerResource } = MockMonitor.prototype;
MockMonitor.prototype.registerResource = function (request, callback) {
  if (request.getType() !== "pulumi:pulumi:Stack") startMs ??= performance.now();
  return registerResource.call(this, request, callback);
};

process.on("exit", () => {
  const packages = Object.keys(require.cache).flatMap(
    (file) => /[\\/](?:node_modules[\\/]@pulumi|sdks)[\\/]([a-z]+)[\\/]/.exec(file)?.[1] ?? [],
  );
  const seen = {
    startMs,
    packages: [...new Set(packages)].sort(),
    kilobytes: process.resourceUsage().maxRSS,
  };
  fs.writeFileSync(process.env["MODELPORT_WATCH"], JSON.stringify(seen));
});
