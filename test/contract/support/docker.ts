/** The Docker daemon and registry the contract is tried on. */
import * as path from "node:path";
import { readClusterInfo } from "../../../local/cluster/info";

export interface TestDocker {
  host: string;
  /** Path of the docker CLI; undefined: the one on PATH. */
  cli: string | undefined;
  /** `server:port` of a registry that takes pushes without a login. */
  registry: string;
  /** An image the daemon can pull. */
  baseImage: string;
}

/** MODELPORT_TEST_DOCKER (JSON of TestDocker), else the embedded cluster's. @throws when there is neither */
export function testDocker(): TestDocker {
  const given = process.env["MODELPORT_TEST_DOCKER"];
  if (given !== undefined) return JSON.parse(given) as TestDocker;
  const info = readClusterInfo();
  if (info === undefined)
    throw new Error(
      "no Docker daemon to test on: start the embedded cluster (npm run cli -- cluster start) or set MODELPORT_TEST_DOCKER",
    );
  return {
    host: info.dockerHost,
    cli: path.join(info.dockerCli, "docker"),
    registry: info.registry.server,
    baseImage: info.baseImage,
  };
}
