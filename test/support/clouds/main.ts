/**
 * The simulated clouds: `tsx test/support/clouds/main.ts <folder>`. Reads settings.json there, writes programs for PATH to bin/ and, once
 * it listens, environment.json: variables for the CLI. Its state is in state.json, so it can be started again.
 */
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { Balancers } from "./balancers";
import { Authority } from "./certificates";
import { Cloud } from "./cloud";
import { controlApi } from "./control";
import { startGateway } from "./gateway/gateway";
import { serveJson, type RestAnswer, type RestRequest } from "./http";
import { Kubernetes } from "./kubernetes";
import { Operations } from "./operations";
import { pluginApi } from "./plugin";
import { writePrograms } from "./programs";
import { readSettings } from "./settings";
import { Store } from "./store";
import { CLOUDS } from "./clouds";

const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
};

async function main(folder: string): Promise<void> {
  const settings = readSettings(folder);
  const authority = Authority.load(folder);
  const cloud = new Cloud({
    folder,
    settings,
    store: new Store(path.join(folder, "state.json")),
    kubernetes: new Kubernetes(settings.kubeconfig),
    balancers: new Balancers({ addresses: settings.addresses, log }),
    authority,
    log,
  });
  if (!fs.existsSync(settings.hosts)) fs.copyFileSync("/etc/hosts", settings.hosts);
  writePrograms(folder, Object.fromEntries(CLOUDS.flatMap((one) => Object.entries(one.programs))));
  const server = await serveJson(settings.port, router(cloud));
  const gateway =
    settings.gateway === undefined
      ? undefined
      : await startGateway({
          ...settings.gateway,
          ca: authority,
          upstream: settings.registry,
          hosts: CLOUDS.flatMap((one) => one.registries(cloud)),
          log,
        });
  const bundle = path.join(folder, "authorities.pem");
  const cluster = Buffer.from(cloud.kubernetes.certificateAuthority, "base64").toString();
  fs.writeFileSync(bundle, `${authority.certificate}\n${cluster}`);
  const environment = {
    MODELPORT_CLOUDS: cloud.url,
    NODE_EXTRA_CA_CERTS: bundle,
    DOCKER_HOST: settings.dockerHost,
  };
  for (const one of CLOUDS) Object.assign(environment, await one.start(cloud));
  replace(path.join(folder, "environment.json"), JSON.stringify(environment, null, 2));
  log(`listening on ${cloud.url}`);

  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  for (const one of CLOUDS) await one.stop(cloud);
  await gateway?.close();
  await cloud.balancers.closeAll();
  server.closeAllConnections();
  process.exit(0);
}

function router(cloud: Cloud): (request: RestRequest) => Promise<RestAnswer> | RestAnswer {
  const operations = new Map(CLOUDS.map((one) => [one, new Operations(one, cloud)]));
  const plugins = new Map(
    [...operations].map(([one, all]) => [one.name as string, pluginApi(one, cloud, all)]),
  );
  const control = controlApi(operations, cloud);
  return (request) => {
    const [, first = "", second = "", third = ""] = request.path.split("/");
    const plugin = plugins.get(second);
    if (first === "plugin" && plugin !== undefined) return plugin(third, request);
    if (first === "control") return control(second, request);
    const own = CLOUDS.find(({ name }) => name === first);
    if (own === undefined) return { status: 404, body: { error: request.path } };
    return own.rest({ ...request, path: request.path.slice(first.length + 1) }, cloud);
  };
}

/** Who waits for the file must not see half of it. */
function replace(file: string, content: string): void {
  fs.writeFileSync(`${file}.partial`, content, { mode: 0o600 });
  fs.renameSync(`${file}.partial`, file);
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: tsx test/support/clouds/main.ts <folder>");
main(path.resolve(folder)).catch((error: unknown) => {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
});
