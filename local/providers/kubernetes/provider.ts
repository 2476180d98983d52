/** pulumirpc.ResourceProvider for Kubernetes: each call unpacks, delegates and packs. */
import { setMaxListeners } from "node:events";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import type { Engine } from "../rpc/engine";
import { fromStruct, toStruct } from "../rpc/properties";
import type { Provider } from "../rpc/server";
import { parseUrn } from "../rpc/urn";
import { diff } from "./changes";
import { check } from "./check";
import { reach, type Reach } from "./cluster";
import { checkConfig, diffConfig, readSettings, type Settings } from "./config";
import type { Change } from "./diff";
import { Operation } from "./operation";
import { read } from "./read";
import { parseToken } from "./resource-type";
import { create, remove, update } from "./write";

const { PropertyDiff, DiffResponse } = pb;
const kinds = {
  add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
  delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
  update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

export class KubernetesProvider implements Provider {
  readonly #abort = new AbortController();
  #settings: Settings = readSettings(new Map());
  #reach: Reach = {
    cluster: undefined,
    reason: "the provider is not configured",
    defaultNamespace: "",
  };

  constructor(
    readonly version: string,
    private readonly engine: Engine,
  ) {
    setMaxListeners(0, this.#abort.signal);
  }

  cancel(): void {
    this.#abort.abort();
  }

  checkConfig(request: pb.CheckRequest): Promise<pb.CheckResponse> {
    const { name } = parseUrn(request.getUrn());
    const failures = checkConfig(fromStruct(request.getNews()), /^default(_|$)/.test(name));
    const response = new pb.CheckResponse()
      .setInputs(request.getNews())
      .setFailuresList(
        failures.map(({ property, reason }) =>
          new pb.CheckFailure().setProperty(property).setReason(reason),
        ),
      );
    return Promise.resolve(response);
  }

  async diffConfig(request: pb.DiffRequest): Promise<pb.DiffResponse> {
    const { diffs, replaces } = await diffConfig(
      fromStruct(request.getOlds()),
      fromStruct(request.getNews()),
    );
    return new pb.DiffResponse()
      .setChanges(changes(diffs.length > 0))
      .setDiffsList(diffs)
      .setReplacesList(replaces);
  }

  async configure(request: pb.ConfigureRequest): Promise<pb.ConfigureResponse> {
    this.#settings = readSettings(new Map(request.getVariablesMap().entries()));
    this.#reach = await reach(this.#settings);
    this.engine.log("info", "using modelport's stand-in for the Kubernetes provider");
    return new pb.ConfigureResponse()
      .setAcceptsecrets(true)
      .setSupportspreview(true)
      .setSupportsAutonamingConfiguration(true);
  }

  async check(request: pb.CheckRequest): Promise<pb.CheckResponse> {
    const urn = request.getUrn();
    const { cluster } = this.#reach;
    if (cluster === undefined && this.#settings.skipUpdateUnreachable) {
      this.engine.log("warning", "the cluster is unreachable; the resource is left as it is", urn);
      return new pb.CheckResponse().setInputs(request.getOlds());
    }
    const autonaming = request.getAutonaming();
    const inputs = await check(
      {
        urn,
        olds: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        randomSeed: request.getRandomseed_asU8(),
        autonaming: autonaming && {
          proposedName: autonaming.getProposedName(),
          disabled: autonaming.getMode() === pb.CheckRequest.AutonamingOptions.Mode.DISABLE,
        },
      },
      this.#reach,
    );
    return new pb.CheckResponse().setInputs(toStruct(inputs));
  }

  async diff(request: pb.DiffRequest): Promise<pb.DiffResponse> {
    const result = await diff(
      {
        urn: request.getUrn(),
        olds: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        ignoreChanges: request.getIgnorechangesList(),
      },
      this.#reach.cluster,
      this.#settings,
      (object) => this.#operation(request.getUrn()).applier().get(object),
    );
    if (result.warning !== undefined) this.engine.log("warning", result.warning, request.getUrn());
    const response = new DiffResponse()
      .setChanges(changes(result.detailed.size > 0 || result.replaces.length > 0))
      .setReplacesList(result.replaces)
      .setDeletebeforereplace(result.deleteBeforeReplace)
      .setHasdetaileddiff(true);
    for (const [path, change] of result.detailed)
      response.getDetaileddiffMap().set(path, toPropertyDiff(change));
    return response;
  }

  async create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
    const inputs = fromStruct(request.getProperties());
    const preview = request.getPreview();
    const options = { preview, timeoutSeconds: request.getTimeout() };
    const created = await create(this.#operation(request.getUrn()), inputs, options);
    return new pb.CreateResponse()
      .setId(preview ? "" : created.id)
      .setProperties(toStruct(created.properties));
  }

  async read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
    const found = await read(
      this.#operation(request.getUrn()),
      request.getId(),
      fromStruct(request.getProperties()),
      fromStruct(request.getInputs()),
    );
    if (found === undefined) return new pb.ReadResponse();
    return new pb.ReadResponse()
      .setId(found.id)
      .setProperties(toStruct(found.properties))
      .setInputs(toStruct(found.inputs));
  }

  async update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
    const properties = await update(
      this.#operation(request.getUrn()),
      fromStruct(request.getOlds()),
      fromStruct(request.getNews()),
      {
        preview: request.getPreview(),
        timeoutSeconds: request.getTimeout(),
        ignoreChanges: request.getIgnorechangesList(),
      },
    );
    return new pb.UpdateResponse().setProperties(toStruct(properties));
  }

  async delete(request: pb.DeleteRequest): Promise<void> {
    const state = fromStruct(request.getProperties());
    const operation = this.#operation(request.getUrn());
    await remove(operation, request.getId(), state, request.getTimeout());
  }

  #operation(urn: string): Operation {
    parseToken(urn);
    return new Operation(urn, this.#reach, this.#settings, this.engine, this.#abort.signal);
  }
}

function changes(some: boolean): pb.DiffResponse.DiffChanges {
  return some ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE;
}

function toPropertyDiff(change: Change): pb.PropertyDiff {
  const [inPlace, replacing] = kinds[change.kind];
  return new PropertyDiff()
    .setKind(change.replaces ? replacing : inPlace)
    .setInputdiff(change.inputDiff);
}
