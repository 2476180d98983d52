import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { apiKeysFile } from "../infra/api-keys";
import { dockerContext, type BuildConfig } from "../infra/config/service-build";
import type { ServiceConfig } from "../infra/config/service";
import { stackNamespace } from "../infra/naming";
import { GRPC_PORT, METRICS_PORT, serverEnvironment } from "../infra/server-environment";
import { repositoryRoot } from "../local/paths";
import { localise, type Place } from "./dev/references";
import { servicesOf } from "./secrets";
import type { StackContext } from "./session";

/** Where the file of API keys is in a container, as in the cluster. */
const API_KEYS_FILE = "/run/modelport/api-keys/keys";

/** The first service's port on the machine; each further one's is the next. */
const FIRST_PORT = 8080;

/** Writes compose.yaml, and a file of hashed API keys for each service that has some. @returns their names */
export async function writeCompose(
  { stack, settings }: StackContext,
  folder: string,
): Promise<string[]> {
  const services = await servicesOf(stack, settings);
  fs.mkdirSync(folder, { recursive: true });
  const root = path.relative(folder, repositoryRoot()) || ".";
  const written = ["compose.yaml"];
  fs.writeFileSync(
    path.join(folder, "compose.yaml"),
    stringify(composeDocument(services, stack, root)),
  );
  for (const [name, { apiKeys }] of Object.entries(services)) {
    const keys = apiKeysFile(apiKeys);
    if (keys === undefined) continue;
    const file = keysFile(name);
    // Readable by the container's user, who is nobody here; hashes only.
    fs.writeFileSync(path.join(folder, file), keys, { mode: 0o644 });
    written.push(file);
  }
  return written;
}

/**
 * The services of a stack for `docker compose`. Each has one port on the machine, and one container: there is nothing to balance with.
 *
 * @param root of the checkout, seen from the file
 */
export function composeDocument(
  services: Readonly<Record<string, ServiceConfig>>,
  stack: string,
  root: string,
): { name: string; services: Record<string, unknown> } {
  const places = Object.entries(services).map(([name, config]): Place => ({
    name,
    namespace: config.namespace ?? stackNamespace(stack),
    host: name,
    ports: new Map([
      [80, config.port],
      ...(config.models === undefined ? [] : [[GRPC_PORT, GRPC_PORT] as const]),
    ]),
  }));
  const entries = Object.entries(services).map(([name, config], index) => {
    const publish = `127.0.0.1:${FIRST_PORT + index}:${config.port}`;
    return [name, container(name, config, places, root, publish)] as const;
  });
  return { name: stackNamespace(stack), services: Object.fromEntries(entries) };
}

function container(
  name: string,
  config: ServiceConfig,
  places: readonly Place[],
  root: string,
  publish: string,
): Record<string, unknown> {
  const { models, build, image, port } = config;
  const own = models === undefined ? config.env : serverEnvironment(name, config);
  const hasKeys = Object.keys(config.apiKeys).length > 0;
  const ports = { PORT: port, GRPC_PORT, METRICS_PORT };
  return {
    ...(image === undefined ? {} : { image }),
    ...(build === undefined
      ? {}
      : { build: { context: contextOf(root, build), dockerfile: build.dockerfile } }),
    ...(models === undefined
      ? {}
      : {
          build: {
            context: root,
            dockerfile: "app/Dockerfile",
            args: { MODELS: models.join(" ") },
          },
        }),
    environment: {
      ...Object.fromEntries(
        Object.entries(own).map(([key, value]) => [key, localise(value, places)]),
      ),
      ...(models === undefined ? { PORT: String(port) } : asTexts(ports)),
      ...(hasKeys ? { API_KEYS_FILE } : {}),
    },
    ...(hasKeys ? { volumes: [`./${keysFile(name)}:${API_KEYS_FILE}:ro`] } : {}),
    ports: [publish],
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    restart: "unless-stopped",
  };
}

/** Compose builds from a folder or from Git. */
const contextOf = (root: string, { context = ".", git }: BuildConfig) =>
  git === undefined ? path.join(root, context) : dockerContext(git);

const keysFile = (service: string) => `${service}.keys`;

const asTexts = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
