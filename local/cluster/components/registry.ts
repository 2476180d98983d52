import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import type { Component } from "./component";

/** The container registry that images are pushed to and the node pulls from. */
export const registry: Component = {
  name: "registry",
  after: [],
  configure: ({ settings, inside }) =>
    fs.writeFileSync(
      path.join(settings.directory, "registry.yaml"),
      stringify({
        version: "0.1",
        log: { level: "warn" },
        storage: {
          filesystem: { rootdirectory: `${inside}/registry` },
          delete: { enabled: true },
        },
        http: { addr: `0.0.0.0:${settings.ports.registry}` },
      }),
    ),
  command: ({ inside, tools }) => ({
    argv: [tools.registry, "serve", `${inside}/registry.yaml`],
    env: { OTEL_TRACES_EXPORTER: "none" },
  }),
  healthy: async ({ settings, get }) =>
    (await get(`http://${settings.link.nodeAddress}:${settings.ports.registry}/v2/`)).status ===
    200,
};
