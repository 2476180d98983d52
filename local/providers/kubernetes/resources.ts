/** Creates, reads, updates and deletes one resource, and what Pulumi is to remember of it. */
import { randomBytes } from "node:crypto";
import type { EngineLog } from "../rpc/engine";
import { InitializationError } from "../rpc/errors";
import { hasUnknown, strip, type PropertyMap } from "../rpc/properties";
import { annotations, skipsAwaitingDeletion, timeoutSeconds } from "./annotations";
import { Applier, isCustomResourceDefinition, NamespaceMissingError } from "./apply";
import { awaiterFor, readAwaiterFor, typeName } from "./await/registry";
import {
  NotReadyError,
  requireReadyNow,
  waitUntilDeleted,
  waitUntilReady,
  type WaitContext,
} from "./await/wait";
import { ApiError, isNotFound } from "./client";
import { ClusterUnreachableError, type Cluster, type Reach } from "./cluster";
import type { Settings } from "./config";
import { prune } from "./diff";
import { NoMatchError } from "./discovery";
import { isBuiltIn, normalize, toDashes, toUnderscores } from "./normalize";
import {
  annotation,
  apiVersionOf,
  kindOf,
  nameOf,
  namespaceOf,
  parseQualifiedName,
  qualifiedName,
  remove,
  set,
  type KubeObject,
} from "./object";
import { isPatchResource, parseToken } from "./resource-type";
import { fromState, markSecrets, toState, type State } from "./secrets";

export interface OperationOptions {
  preview: boolean;
  /** `customTimeouts`; 0 when not set. */
  timeoutSeconds: number;
}

const unreachableFix =
  'If the cluster is gone for good, run again with PULUMI_K8S_DELETE_UNREACHABLE="true" to drop its resources from the state.';

export class Resources {
  constructor(
    private readonly urn: string,
    private readonly reach: Reach,
    private readonly settings: Settings,
    private readonly engine: EngineLog,
    private readonly signal: AbortSignal,
  ) {}

  async create(
    marks: PropertyMap,
    { preview, timeoutSeconds: custom }: OperationOptions,
  ): Promise<{ id: string; properties: PropertyMap }> {
    const inputs = toDashes(strip(marks));
    const isPatch = isPatchResource(this.urn, inputs);
    if (preview && (hasUnknown(marks) || isPatch || !(await this.#isServed(inputs))))
      return { id: "", properties: marks };
    const cluster = this.#cluster();
    const fieldManager = chooseFieldManager("", inputs);
    const state = (live: KubeObject): State => ({
      inputs,
      live,
      initialApiVersion: apiVersionOf(inputs),
      fieldManager,
    });
    let live: KubeObject;
    try {
      live = await this.#applier(cluster).create(
        { inputs, fieldManager, preview, isPatch },
        (attempt, error) =>
          this.engine.status(
            `Retry #${String(attempt)}; creation failed: ${error.message}`,
            this.urn,
          ),
        this.signal,
      );
    } catch (error) {
      if (preview && isTolerableInPreview(error)) return { id: "", properties: marks };
      throw new Error(
        `${typeName(inputs)} ${qualifiedName(inputs)} was not created: ${(error as Error).message}`,
        { cause: error },
      );
    }
    if (preview) {
      remove(live, "status");
      return { id: "", properties: toState(state(live), marks) };
    }
    try {
      live = await this.#await(cluster, inputs, live, custom);
    } catch (error) {
      throw this.#partial(error, live, "was created, but waiting for it failed", (object) =>
        toState(state(object), marks),
      );
    }
    if (isCustomResourceDefinition(inputs)) cluster.discovery.forget();
    return { id: qualifiedName(live), properties: toState(state(live), marks) };
  }

  async update(
    oldProperties: PropertyMap,
    marks: PropertyMap,
    options: OperationOptions & { ignoreChanges: string[] },
  ): Promise<PropertyMap> {
    const { preview } = options;
    const inputs = normalize(toDashes(strip(marks)));
    if (preview && (hasUnknown(marks) || !(await this.#isServed(inputs)))) return marks;
    const cluster = this.#cluster();
    const applier = this.#applier(cluster);
    const old = fromState(oldProperties);
    const fieldManager = chooseFieldManager(old.fieldManager, inputs);
    const isPatch = isPatchResource(this.urn, inputs);
    const next = (live: KubeObject): PropertyMap =>
      toState({ inputs, live, initialApiVersion: old.initialApiVersion, fieldManager }, marks);
    let live: KubeObject | undefined;
    try {
      live = await applier.get(inputs, nameOf(old.live));
      live = await applier.update(
        { inputs, fieldManager, preview, isPatch },
        live,
        options.ignoreChanges,
      );
      if (!preview) live = await this.#await(cluster, inputs, live, options.timeoutSeconds);
    } catch (error) {
      if (preview && error instanceof ApiError && error.code === 403) return marks;
      if (error instanceof NoMatchError || live === undefined)
        throw new Error(
          `${typeName(inputs)} ${qualifiedName(old.live)} was not updated: ${(error as Error).message}`,
          { cause: error },
        );
      const current = await applier.get(old.live).catch(() => live as KubeObject);
      throw this.#partial(error, current, "was not updated", next);
    }
    if (!preview && old.fieldManager !== "" && old.fieldManager !== fieldManager)
      await applier.relinquish(live, nameOf(live), old.fieldManager);
    if (!preview && isCustomResourceDefinition(inputs)) cluster.discovery.forget();
    return next(live);
  }

  /** undefined: the object is gone, and so may be its state. */
  async read(
    id: string,
    oldProperties: PropertyMap,
    marks: PropertyMap,
  ): Promise<{ id: string; properties: PropertyMap; inputs: PropertyMap } | undefined> {
    if (this.reach.cluster === undefined) {
      this.engine.log("warning", this.reach.reason, this.urn);
      if (this.settings.deleteUnreachable) return undefined;
      if (this.settings.skipUpdateUnreachable)
        return { id, properties: oldProperties, inputs: marks };
      throw new ClusterUnreachableError(
        `cannot read ${id}: ${this.reach.reason}. ${unreachableFix}`,
      );
    }
    const cluster = this.reach.cluster;
    const { namespace, name } = parseQualifiedName(id);
    if (name === "") throw new Error(`"${id}" is neither "name" nor "namespace/name"`);
    const old = fromState(oldProperties);
    const oldInputs = normalize(toDashes(strip(marks)));
    const isImport = apiVersionOf(oldInputs) === "" && apiVersionOf(old.live) === "";
    if (apiVersionOf(oldInputs) === "") {
      const known = apiVersionOf(old.live) === "" ? parseToken(this.urn) : old.live;
      oldInputs["apiVersion"] = known["apiVersion"] ?? "";
      oldInputs["kind"] = known["kind"] ?? "";
      if (nameOf(oldInputs) === "") set(oldInputs, name, "metadata", "name");
      if (namespace !== "" && namespaceOf(oldInputs) === "")
        set(oldInputs, namespace, "metadata", "namespace");
    }
    let live: KubeObject;
    let notReady: NotReadyError | undefined;
    try {
      live = await this.#applier(cluster).get(oldInputs, name);
      const awaiter = isImport ? undefined : readAwaiterFor(oldInputs, live);
      if (awaiter !== undefined)
        await requireReadyNow(this.#context(cluster), awaiter, live).catch((error: unknown) => {
          if (!(error instanceof NotReadyError)) throw error;
          notReady = error;
        });
    } catch (error) {
      if (error instanceof NoMatchError || isNotFound(error)) return undefined;
      throw error;
    }
    const inputs = isImport ? importedInputs(live, oldInputs) : prune(live, oldInputs);
    const fieldManager = chooseFieldManager(old.fieldManager, oldInputs);
    const initialApiVersion =
      old.initialApiVersion === "" ? apiVersionOf(oldInputs) : old.initialApiVersion;
    const properties = toState({ inputs, live, initialApiVersion, fieldManager }, marks);
    const markedInputs = toUnderscores(inputs) as PropertyMap;
    markSecrets(markedInputs, marks);
    if (notReady !== undefined)
      throw new InitializationError(
        notReady.message,
        id,
        properties,
        [notReady.message, ...notReady.reasons],
        markedInputs,
      );
    return { id, properties, inputs: markedInputs };
  }

  async delete(id: string, oldProperties: PropertyMap, customTimeout: number): Promise<void> {
    if (this.reach.cluster === undefined) {
      this.engine.log("warning", this.reach.reason, this.urn);
      if (this.settings.deleteUnreachable) return;
      throw new ClusterUnreachableError(
        `cannot delete ${id}: ${this.reach.reason}. ${unreachableFix}`,
      );
    }
    const cluster = this.reach.cluster;
    const applier = this.#applier(cluster);
    const { inputs, live, fieldManager } = fromState(oldProperties);
    const { name } = parseQualifiedName(id);
    try {
      if (isPatchResource(this.urn, inputs)) {
        await applier.relinquish(live, name, fieldManager);
        return;
      }
      await applier.delete(live, name, inputs);
      if (skipsAwaitingDeletion(inputs, typeName(live))) return;
      await waitUntilDeleted(
        this.#context(cluster),
        `${await cluster.discovery.collection(live)}/${encodeURIComponent(name)}`,
        live,
        timeoutSeconds(customTimeout, inputs),
      );
    } catch (error) {
      // A custom resource went with its definition; anything else was deleted by somebody.
      if (error instanceof NoMatchError || isNotFound(error)) return;
      throw this.#partial(error, live, "was not deleted", (object) =>
        toState({ ...fromState(oldProperties), live: object }, oldProperties),
      );
    }
  }

  readLive(object: KubeObject): Promise<KubeObject> {
    return this.#applier(this.#cluster()).get(object);
  }

  async #await(
    cluster: Cluster,
    inputs: KubeObject,
    live: KubeObject,
    customTimeout: number,
  ): Promise<KubeObject> {
    const awaiter = awaiterFor(inputs, live);
    if (awaiter === undefined) return live;
    const timeout = timeoutSeconds(customTimeout, inputs);
    return waitUntilReady(this.#context(cluster), awaiter, live, timeout);
  }

  /** The operation failed with the object in place: Pulumi is to know both. */
  #partial(
    error: unknown,
    live: KubeObject,
    what: string,
    toProperties: (object: KubeObject) => PropertyMap,
  ): Error {
    const notReady = error instanceof NotReadyError ? error : undefined;
    const message =
      notReady === undefined
        ? `${typeName(live)} ${qualifiedName(live)} ${what}: ${(error as Error).message}`
        : `${typeName(live)} ${notReady.message}`;
    return new InitializationError(
      message,
      qualifiedName(live),
      toProperties(notReady?.object ?? live),
      [message, ...(notReady?.reasons ?? [])],
    );
  }

  #cluster(): Cluster {
    if (this.reach.cluster === undefined)
      throw new ClusterUnreachableError(`the cluster is unreachable: ${this.reach.reason}`);
    return this.reach.cluster;
  }

  #applier(cluster: Cluster): Applier {
    return new Applier(cluster.client, cluster.discovery, this.settings);
  }

  #context(cluster: Cluster): WaitContext {
    const { engine, urn, signal } = this;
    return { client: cluster.client, discovery: cluster.discovery, engine, urn, signal };
  }

  async #isServed(object: KubeObject): Promise<boolean> {
    const { cluster } = this.reach;
    return (
      cluster !== undefined &&
      (await cluster.discovery.exists(apiVersionOf(object), kindOf(object)))
    );
  }
}

/** The annotation, else what the state has, else a new one: each resource has a manager of its own. */
function chooseFieldManager(fromOldState: string, inputs: KubeObject): string {
  const wanted = annotation(inputs, annotations.patchFieldManager);
  if (wanted !== "") return wanted;
  if (fromOldState !== "") return fromOldState;
  return `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

/**
 * A replacement is previewed while the old object still exists, a namespace may be created in the
 * same update, and a preview may run without the right to write.
 */
function isTolerableInPreview(error: unknown): boolean {
  return (
    error instanceof NamespaceMissingError ||
    (error instanceof ApiError && (error.code === 403 || error.reason === "AlreadyExists"))
  );
}

/** Without inputs of old, all of the live object but what the server writes (provider.go, Read). */
function importedInputs(live: KubeObject, identity: KubeObject): KubeObject {
  if (!isBuiltIn(apiVersionOf(live))) return prune(live, identity);
  const inputs = normalize(live);
  delete inputs["status"];
  for (const key of [
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
  ])
    remove(inputs, "metadata", "annotations", key);
  return inputs;
}
