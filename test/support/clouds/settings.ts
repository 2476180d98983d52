import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";

/** What the clouds have to work with: `settings.json` of their folder, written by who starts them. */
const settings = z.object({
  /** Of all HTTP, on 127.0.0.1. */
  port: z.int(),
  /** Path of the embedded cluster's kubeconfig. */
  kubeconfig: z.string(),
  /** Of the embedded cluster's node. */
  nodeAddress: z.string(),
  /** Where the registry gateway listens. Default: there is none, nothing can be pushed. */
  gateway: z.object({ address: z.string(), port: z.int() }).optional(),
  /** URL of the embedded registry. */
  registry: z.string(),
  /** The Docker daemon that builds. */
  dockerHost: z.string(),
  /** First three octets of the balancers' addresses. */
  addresses: z.string(),
  /** A file in the form of /etc/hosts that names are written to. */
  hosts: z.string(),
  /** Factor of all times. */
  latency: z.number().min(0).default(1),
});

export type Settings = z.infer<typeof settings>;

export function readSettings(folder: string): Settings {
  const file = path.join(folder, "settings.json");
  return settings.parse(JSON.parse(fs.readFileSync(file, "utf8")));
}
