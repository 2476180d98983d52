/** Creates, updates and deletes objects through the API server (provider/pkg/await/await.go). */
import { setTimeout as sleep } from "node:timers/promises";
import type { PlainObject } from "../rpc/properties";
import { annotations, isTrue, propagationPolicy } from "./annotations";
import { ApiError, isNotFound, type KubeClient } from "./client";
import { NoMatchError, type Discovery } from "./discovery";
import { keepIgnored, takeOver, wouldTakeOver } from "./field-managers";
import { apiVersionOf, get, getString, kindOf, nameOf, set, type KubeObject } from "./object";

export interface Write {
  inputs: KubeObject;
  fieldManager: string;
  preview: boolean;
  /** A `…Patch` resource: it owns some fields of an object, never the object. */
  isPatch: boolean;
}

export interface Policy {
  enablePatchForce: boolean;
  upsertExistingObjects: boolean;
}

/** In a preview the namespace the object goes to may not exist yet. */
export class NamespaceMissingError extends Error {}

export const isCustomResourceDefinition = (object: KubeObject): boolean =>
  kindOf(object) === "CustomResourceDefinition" &&
  apiVersionOf(object).startsWith("apiextensions.k8s.io/");

const createRetries = 5;
const takeOverAttempts = 5;

export class Applier {
  constructor(
    private readonly client: KubeClient,
    private readonly discovery: Discovery,
    private readonly policy: Policy,
  ) {}

  /**
   * A new object; one that exists already is an error (since 4.29.0 the official provider creates
   * instead of applying). Retried when a namespace or a custom resource's definition is not there
   * yet: things are often listed in the wrong order.
   */
  async create(
    write: Write,
    onRetry: (attempt: number, error: Error) => void,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    for (let attempt = 0, pauseMs = 1000; ; attempt++, pauseMs *= 2) {
      try {
        return await this.#createOnce(write);
      } catch (error) {
        const mayCome =
          error instanceof Error && (isNotFound(error) || error instanceof NoMatchError);
        if (write.preview && isMissingNamespace(error))
          throw new NamespaceMissingError(`namespace of ${nameOf(write.inputs)} does not exist`);
        if (!mayCome || attempt === createRetries) throw error;
        onRetry(attempt + 1, error);
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  async get(object: KubeObject, name = nameOf(object)): Promise<KubeObject> {
    return this.client.get(await this.#path(object, name));
  }

  async update(write: Write, live: KubeObject, ignoreChanges: string[]): Promise<KubeObject> {
    const { fieldManager, preview, isPatch } = write;
    const inputs = structuredClone(write.inputs);
    const path = await this.#path(inputs, nameOf(live));
    const query = { fieldManager, dryRun: preview ? "All" : undefined };
    if (isCustomResourceDefinition(inputs)) {
      set(inputs, getString(live, "metadata", "resourceVersion"), "metadata", "resourceVersion");
      return this.client.replace(path, { query, body: inputs });
    }
    const current = isPatch || preview ? live : await this.#takeOver(path, live, fieldManager);
    keepIgnored(inputs, current, ignoreChanges, fieldManager);
    const force =
      this.#force(inputs) ||
      (preview && wouldTakeOver(live, fieldManager)) ||
      // An object older than server-side apply records no managers; all its fields are ours.
      get(current, "metadata", "managedFields") === undefined;
    return this.client
      .apply(path, { query: { ...query, force: String(force) }, body: inputs })
      .catch(explainConflict(fieldManager));
  }

  /** Resolves once the server has accepted; the object may linger until its finalisers are done. */
  async delete(object: KubeObject, name: string, inputs: KubeObject): Promise<void> {
    await this.client.delete(await this.#path(object, name), {
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: propagationPolicy(inputs),
      },
    });
  }

  /** Gives up all fields: applying an object without any. */
  async relinquish(object: KubeObject, name: string, fieldManager: string): Promise<void> {
    const body: PlainObject = {
      apiVersion: apiVersionOf(object),
      kind: kindOf(object),
      metadata: { name },
    };
    await this.client.apply(await this.#path(object, name), { query: { fieldManager }, body });
  }

  async #createOnce(write: Write): Promise<KubeObject> {
    const { inputs, fieldManager, preview, isPatch } = write;
    const dryRun = preview ? "All" : undefined;
    if (!isPatch && !this.policy.upsertExistingObjects) {
      const collection = await this.discovery.collection(inputs);
      return this.client.create(collection, { query: { fieldManager, dryRun }, body: inputs });
    }
    const query = {
      fieldManager,
      dryRun,
      force: String(this.#force(inputs) || preview),
      fieldValidation: "Warn",
    };
    return this.client
      .apply(await this.#path(inputs, nameOf(inputs)), { query, body: inputs })
      .catch(explainConflict(fieldManager));
  }

  /** Makes the fields written at create this manager's. A controller may write in between: then with what it wrote. */
  async #takeOver(path: string, live: KubeObject, fieldManager: string): Promise<KubeObject> {
    for (let attempt = 1, current = live; ; attempt++) {
      const managers = takeOver(current, fieldManager);
      if (managers === undefined) return current;
      const resourceVersion = getString(current, "metadata", "resourceVersion");
      try {
        return await this.client.jsonPatch(path, {
          body: [
            { op: "replace", path: "/metadata/managedFields", value: managers },
            { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
          ],
        });
      } catch (error) {
        const overtaken = error instanceof ApiError && error.reason === "Conflict";
        if (!overtaken || attempt === takeOverAttempts) throw error;
        current = await this.client.get(path);
      }
    }
  }

  #force(inputs: KubeObject): boolean {
    return isTrue(inputs, annotations.patchForce) || this.policy.enablePatchForce;
  }

  async #path(object: KubeObject, name: string): Promise<string> {
    return `${await this.discovery.collection(object)}/${encodeURIComponent(name)}`;
  }
}

function isMissingNamespace(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.code === 404 &&
    getString(error.status, "details", "kind") === "namespaces"
  );
}

function explainConflict(fieldManager: string) {
  return (error: unknown): never => {
    if (!(error instanceof ApiError) || error.reason !== "Conflict") throw error;
    throw new ApiError({
      ...error.status,
      message:
        `Server-Side Apply field conflict: another manager set fields that "${fieldManager}" is to set, ${error.message}. ` +
        `Remove the fields from the program, or take them over with the annotation ${annotations.patchForce}: "true"`,
    });
  };
}
