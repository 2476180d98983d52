import * as fs from "node:fs";
import { startCluster, stopCluster } from "../../local/cluster";
import { terminalProgress } from "../../local/progress";
import { isolatedEnvironment } from "./environment";

const progress = terminalProgress();

/** An embedded cluster for the whole run, apart from any that is there; named to the tests by the environment. */
export async function mochaGlobalSetup(): Promise<void> {
  Object.assign(process.env, await isolatedEnvironment());
  const { kubeconfig, dockerHost, dockerCli, registry } = await startCluster({ progress });
  process.env["MODELPORT_TEST_KUBECONFIG"] = kubeconfig;
  process.env["MODELPORT_TEST_DOCKER_HOST"] = dockerHost;
  process.env["MODELPORT_TEST_REGISTRY"] = registry.server;
  process.env["MODELPORT_DOCKER"] = `${dockerCli}/docker`;
}

export async function mochaGlobalTeardown(): Promise<void> {
  await stopCluster({ progress, remove: true });
  fs.rmSync(process.env["XDG_STATE_HOME"] ?? "", { recursive: true, force: true });
}
