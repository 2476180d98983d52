import * as fs from "node:fs";
import * as path from "node:path";
import { apiKeysFile } from "../../infra/api-keys";
import { dockerContext } from "../../infra/config/service-build";
import { GRPC_PORT, serverEnvironment } from "../../infra/server-environment";
import { entryPointFlags } from "../../local/image/entry-point";
import { repositoryRoot } from "../../local/paths";
import { capture } from "../shell";
import { type DevService, isHostNetwork, placesOf } from "./plan";
import { localise } from "./references";

/** How a service is started. */
export interface Launch {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Makes what is started, at first and when its sources changed. */
  readonly build?: readonly string[];
  /** Sources of `build`. */
  readonly sources?: string;
  readonly cleanUp?: () => Promise<void>;
}

export interface LaunchContext {
  readonly stack: string;
  /** All that run, which may refer to each other. */
  readonly services: readonly DevService[];
  /** A folder for this run. */
  readonly scratch: string;
}

const REMOVE_TIMEOUT_MS = 10_000;

export function launchOf(service: DevService, context: LaunchContext): Launch {
  switch (service.runner.kind) {
    case "server":
      return serverLaunch(service, context);
    case "command":
      return {
        argv: service.runner.argv,
        cwd: service.runner.cwd,
        // The user's own environment too: a virtual environment, a version manager.
        env: { ...process.env, ...environment(service, context), PORT: String(service.port) },
      };
    case "container":
      return containerLaunch(service, service.runner.docker, context);
  }
}

/** The environment of the Deployment, with this machine's ports and paths. */
function serverLaunch(service: DevService, context: LaunchContext): Launch {
  const root = repositoryRoot();
  const { name, config, port, grpcPort, metricsPort } = service;
  const folder = path.join(context.scratch, name);
  const models = path.join(folder, "models");
  fs.mkdirSync(models, { recursive: true });
  // Links, so that a version added or changed in app/models is seen as it is.
  for (const model of config.models ?? [])
    fs.symlinkSync(path.join(root, "app", "models", model), path.join(models, model));
  const keys = apiKeysFile(config.apiKeys);
  const keysFile = path.join(folder, "keys");
  if (keys !== undefined) fs.writeFileSync(keysFile, keys, { mode: 0o600 });
  return {
    argv: [
      process.execPath,
      ...entryPointFlags(root),
      "--enable-source-maps",
      path.join(root, "dist", "server.js"),
    ],
    cwd: "/",
    env: {
      NODE_ENV: "production",
      ORT_DISABLE_TELEMETRY: "1",
      // Nobody routes to this process: it need not serve on after it was told to stop.
      DRAIN_SECONDS: "0",
      MODELS_POLL_SECONDS: "0.5",
      ...environment(service, context),
      HOST: "127.0.0.1",
      PORT: String(port),
      GRPC_PORT: String(grpcPort),
      METRICS_PORT: String(metricsPort),
      MODELS_DIR: models,
      ...(keys === undefined ? {} : { API_KEYS_FILE: keysFile }),
    },
  };
}

function containerLaunch(service: DevService, docker: string, context: LaunchContext): Launch {
  const root = repositoryRoot();
  const { name, config, port } = service;
  const container = `modelport-dev-${context.stack}-${name}`;
  const host = isHostNetwork(service.runner) ? undefined : "host.docker.internal";
  const network =
    host === undefined
      ? ["--network", "host"]
      : ["--publish", `127.0.0.1:${port}:${config.port}`, "--add-host", `${host}:host-gateway`];
  const env = { ...environment(service, context, host), PORT: String(config.port) };
  const variables = Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  const image = config.image ?? `modelport-dev/${context.stack}/${name}`;
  const { context: folder, dockerfile = "", git } = config.build ?? {};
  const sources = folder === undefined ? undefined : path.resolve(root, folder);
  const build = [docker, "build", "--tag", image, "--file"];
  return {
    argv: [docker, "run", "--rm", "--init", "--name", container, ...network, ...variables, image],
    cwd: root,
    env: process.env,
    ...(git === undefined ? {} : { build: [...build, dockerfile, dockerContext(git)] }),
    ...(sources === undefined
      ? {}
      : { sources, build: [...build, path.join(sources, dockerfile), sources] }),
    // The client's end is not always the container's.
    cleanUp: async () => {
      await capture(docker, ["rm", "--force", container], REMOVE_TIMEOUT_MS);
    },
  };
}

/** A service's own variables, as in the cluster but for the addresses of its neighbours. */
function environment(
  { name, config }: DevService,
  { services }: LaunchContext,
  host = "127.0.0.1",
): Record<string, string> {
  const own = config.models === undefined ? config.env : serverEnvironment(name, config);
  const places = placesOf(services, GRPC_PORT, host);
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [key, localise(value, places)]),
  );
}
