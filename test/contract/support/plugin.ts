/**
 * A provider plugin as the engine sees it: a process that prints a port, and gRPC. Which one is under
 * test is decided by MODELPORT_OFFICIAL_PLUGIN_KUBERNETES and _DOCKER (paths); else the stand-ins.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { fromStruct, toStruct, type PropertyMap } from "../../../local/providers/rpc/properties";
import { repositoryRoot } from "../../../local/paths";
import { RecordingEngine } from "./engine";

export type PluginName = "kubernetes" | "docker";

/** pulumirpc.ErrorResourceInitFailed, as the engine would store it. */
export interface InitializationFailure {
  id: string;
  properties: PropertyMap;
  reasons: string[];
}

export interface Diff {
  changes: boolean;
  replaces: string[];
  deleteBeforeReplace: boolean;
  /** Kind by property path, e.g. `{ "spec.replicas": "UPDATE" }`. */
  detailed: Record<string, string>;
}

export interface Resource {
  id: string;
  urn: string;
  inputs: PropertyMap;
  state: PropertyMap;
}

export const isOfficial = (name: PluginName): boolean => officialPath(name) !== undefined;

function officialPath(name: PluginName): string | undefined {
  return process.env[`MODELPORT_OFFICIAL_PLUGIN_${name.toUpperCase()}`];
}

function command(name: PluginName): [string, string[]] {
  const official = officialPath(name);
  if (official !== undefined) return [official, []];
  const root = repositoryRoot();
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the bundler is plain JavaScript
  const { build } = require(path.join(root, "local", "build.js")) as {
    build: (names: string[]) => void;
  };
  build([`provider-${name}`]);
  return [process.execPath, [path.join(root, "dist", `provider-${name}.js`)]];
}

export class Plugin {
  private constructor(
    readonly engine: RecordingEngine,
    readonly startMs: number,
    readonly process: ChildProcess,
    private readonly client: ResourceProviderClient,
  ) {}

  static async start(
    name: PluginName,
    options: { env?: Record<string, string>; cwd?: string } = {},
  ): Promise<Plugin> {
    const engine = new RecordingEngine();
    const [file, args] = command(name);
    const address = await engine.start();
    const began = performance.now();
    const child = spawn(file, [...args, address], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...options.env },
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    });
    const [port] = (await once(createInterface(child.stdout), "line")) as [string];
    const startMs = performance.now() - began;
    const client = new ResourceProviderClient(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
      // As the engine: the state of a failed resource travels in the trailers.
      { "grpc.max_receive_message_length": -1, "grpc-node.max_session_memory": 1000 },
    );
    return new Plugin(engine, startMs, child, client);
  }

  async stop(): Promise<void> {
    this.client.close();
    const ended = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await ended;
    this.engine.stop();
  }

  configure(variables: Record<string, string>): Promise<pb.ConfigureResponse> {
    const request = new pb.ConfigureRequest().setAcceptsecrets(true).setAcceptresources(true);
    for (const [key, value] of Object.entries(variables)) request.getVariablesMap().set(key, value);
    return this.#call("configure", request);
  }

  async diffConfig(urn: string, olds: PropertyMap, news: PropertyMap): Promise<Diff> {
    const request = new pb.DiffRequest()
      .setUrn(urn)
      .setOlds(toStruct(olds))
      .setNews(toStruct(news));
    return toDiff(await this.#call<pb.DiffResponse>("diffConfig", request));
  }

  /** @throws when a property is refused */
  async check(
    urn: string,
    news: PropertyMap,
    olds?: PropertyMap,
    randomSeed = Buffer.from(urn),
  ): Promise<PropertyMap> {
    const request = new pb.CheckRequest()
      .setUrn(urn)
      .setNews(toStruct(news))
      .setRandomseed(new Uint8Array(randomSeed));
    if (olds !== undefined) request.setOlds(toStruct(olds));
    const response = await this.#call<pb.CheckResponse>("check", request);
    const failures = response.getFailuresList().map((failure) => failure.getReason());
    if (failures.length > 0) throw new Error(failures.join("\n"));
    return fromStruct(response.getInputs());
  }

  async diff(resource: Resource, news: PropertyMap, ignoreChanges: string[] = []): Promise<Diff> {
    const request = new pb.DiffRequest()
      .setId(resource.id)
      .setUrn(resource.urn)
      .setOlds(toStruct(resource.state))
      .setOldInputs(toStruct(resource.inputs))
      .setNews(toStruct(news))
      .setIgnorechangesList(ignoreChanges);
    return toDiff(await this.#call<pb.DiffResponse>("diff", request));
  }

  async create(
    urn: string,
    inputs: PropertyMap,
    options: { preview?: boolean; timeoutSeconds?: number } = {},
  ): Promise<Resource> {
    const request = new pb.CreateRequest()
      .setUrn(urn)
      .setProperties(toStruct(inputs))
      .setPreview(options.preview ?? false)
      .setTimeout(options.timeoutSeconds ?? 0);
    const response = await this.#call<pb.CreateResponse>("create", request);
    return { urn, inputs, id: response.getId(), state: fromStruct(response.getProperties()) };
  }

  /** Check and create, as the engine does for a new resource. */
  async make(urn: string, news: PropertyMap, timeoutSeconds = 0): Promise<Resource> {
    return this.create(urn, await this.check(urn, news), { timeoutSeconds });
  }

  async update(
    resource: Resource,
    news: PropertyMap,
    options: { preview?: boolean; ignoreChanges?: string[]; timeoutSeconds?: number } = {},
  ): Promise<Resource> {
    const request = new pb.UpdateRequest()
      .setId(resource.id)
      .setUrn(resource.urn)
      .setOlds(toStruct(resource.state))
      .setOldInputs(toStruct(resource.inputs))
      .setNews(toStruct(news))
      .setPreview(options.preview ?? false)
      .setTimeout(options.timeoutSeconds ?? 0)
      .setIgnorechangesList(options.ignoreChanges ?? []);
    const response = await this.#call<pb.UpdateResponse>("update", request);
    return { ...resource, inputs: news, state: fromStruct(response.getProperties()) };
  }

  /** @returns a resource without id when it is gone */
  async read(
    urn: string,
    id: string,
    state: PropertyMap = {},
    inputs: PropertyMap = {},
  ): Promise<Resource> {
    const request = new pb.ReadRequest()
      .setUrn(urn)
      .setId(id)
      .setProperties(toStruct(state))
      .setInputs(toStruct(inputs));
    const response = await this.#call<pb.ReadResponse>("read", request);
    return {
      urn,
      id: response.getId(),
      state: fromStruct(response.getProperties()),
      inputs: fromStruct(response.getInputs()),
    };
  }

  async delete(resource: Resource, timeoutSeconds = 0): Promise<void> {
    const request = new pb.DeleteRequest()
      .setUrn(resource.urn)
      .setId(resource.id)
      .setProperties(toStruct(resource.state))
      .setTimeout(timeoutSeconds);
    await this.#call("delete", request);
  }

  async cancel(): Promise<void> {
    await this.#call("cancel", new Empty());
  }

  async version(): Promise<string> {
    const info = await this.#call<{ getVersion(): string }>("getPluginInfo", new Empty());
    return info.getVersion();
  }

  #call<Response>(method: string, request: unknown): Promise<Response> {
    type Call = (
      request: unknown,
      callback: (error: ServiceError | null, response: Response) => void,
    ) => void;
    const client = this.client as unknown as Record<string, Call>;
    return new Promise((resolve, reject) =>
      client[method]!(request, (error, response) =>
        error === null ? resolve(response) : reject(error),
      ),
    );
  }
}

export function urn(type: string, name: string): string {
  return `urn:pulumi:test::contract::${type}::${name}`;
}

/** The failure's details; fails the test when the error has none. */
export function initializationFailure(error: unknown): InitializationFailure {
  const [details] = (error as ServiceError).metadata.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(details)) throw error as Error;
  const any = Status.deserializeBinary(new Uint8Array(details)).getDetailsList()[0];
  if (any?.getTypeName() !== "pulumirpc.ErrorResourceInitFailed") throw error as Error;
  const failed = pb.ErrorResourceInitFailed.deserializeBinary(any.getValue_asU8());
  return {
    id: failed.getId(),
    properties: fromStruct(failed.getProperties()),
    reasons: failed.getReasonsList(),
  };
}

function toDiff(response: pb.DiffResponse): Diff {
  const names = Object.entries(pb.PropertyDiff.Kind);
  const detailed = [...response.getDetaileddiffMap().entries()].map(
    ([key, value]): [string, string] => [
      key,
      names.find(([, kind]) => kind === value.getKind())?.[0] ?? "",
    ],
  );
  return {
    changes: response.getChanges() === pb.DiffResponse.DiffChanges.DIFF_SOME,
    replaces: response.getReplacesList(),
    deleteBeforeReplace: response.getDeletebeforereplace(),
    detailed: Object.fromEntries(detailed),
  };
}
