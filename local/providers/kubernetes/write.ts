/** Creates, updates and deletes one resource, and what Pulumi is to remember of it. */
import { hasUnknown, strip, type PropertyMap } from "../rpc/properties";
import { skipsAwaitingDeletion, timeoutSeconds } from "./annotations";
import { isCustomResourceDefinition, NamespaceMissingError } from "./apply";
import { awaiterFor, typeName } from "./await/registry";
import { NotReadyError, waitUntilDeleted, waitUntilReady } from "./await/wait";
import { ApiError, isNotFound } from "./client";
import { NoMatchError } from "./discovery";
import { normalize, toDashes } from "./normalize";
import {
  apiVersionOf,
  nameOf,
  parseQualifiedName,
  qualifiedName,
  remove as removeField,
  type KubeObject,
} from "./object";
import {
  chooseFieldManager,
  partialFailure,
  type Operation,
  type OperationOptions,
} from "./operation";
import { isPatchResource } from "./resource-type";
import { fromState, toState, type State } from "./secrets";

export async function create(
  operation: Operation,
  marks: PropertyMap,
  { preview, timeoutSeconds: custom }: OperationOptions,
): Promise<{ id: string; properties: PropertyMap }> {
  const inputs = toDashes(strip(marks));
  const isPatch = isPatchResource(operation.urn, inputs);
  if (preview && (hasUnknown(marks) || isPatch || !(await operation.isServed(inputs))))
    return { id: "", properties: marks };
  const cluster = operation.cluster();
  const fieldManager = chooseFieldManager("", inputs);
  const state = (live: KubeObject): State => ({
    inputs,
    live,
    initialApiVersion: apiVersionOf(inputs),
    fieldManager,
  });
  let live: KubeObject;
  try {
    live = await operation
      .applier()
      .create(
        { inputs, fieldManager, preview, isPatch },
        (attempt, error) =>
          operation.engine.status(
            `Retry #${String(attempt)}; creation failed: ${error.message}`,
            operation.urn,
          ),
        operation.signal,
      );
  } catch (error) {
    if (preview && isTolerableInPreview(error)) return { id: "", properties: marks };
    throw new Error(
      `${typeName(inputs)} ${qualifiedName(inputs)} was not created: ${(error as Error).message}`,
      { cause: error },
    );
  }
  if (preview) {
    removeField(live, "status");
    return { id: "", properties: toState(state(live), marks) };
  }
  try {
    live = await awaitReady(operation, inputs, live, custom);
  } catch (error) {
    throw partialFailure(error, live, "was created, but waiting for it failed", (object) =>
      toState(state(object), marks),
    );
  }
  if (isCustomResourceDefinition(inputs)) cluster.discovery.forget();
  return { id: qualifiedName(live), properties: toState(state(live), marks) };
}

export async function update(
  operation: Operation,
  oldProperties: PropertyMap,
  marks: PropertyMap,
  options: OperationOptions & { ignoreChanges: string[] },
): Promise<PropertyMap> {
  const { preview } = options;
  const inputs = normalize(toDashes(strip(marks)));
  if (preview && (hasUnknown(marks) || !(await operation.isServed(inputs)))) return marks;
  const cluster = operation.cluster();
  const applier = operation.applier();
  const old = fromState(oldProperties);
  const fieldManager = chooseFieldManager(old.fieldManager, inputs);
  const isPatch = isPatchResource(operation.urn, inputs);
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
    if (!preview) live = await awaitReady(operation, inputs, live, options.timeoutSeconds);
  } catch (error) {
    if (preview && error instanceof ApiError && error.code === 403) return marks;
    if (error instanceof NoMatchError || live === undefined)
      throw new Error(
        `${typeName(inputs)} ${qualifiedName(old.live)} was not updated: ${(error as Error).message}`,
        { cause: error },
      );
    const current = await applier.get(old.live).catch(() => live as KubeObject);
    throw partialFailure(error, current, "was not updated", next);
  }
  if (!preview && old.fieldManager !== "" && old.fieldManager !== fieldManager)
    await applier.relinquish(live, nameOf(live), old.fieldManager);
  if (!preview && isCustomResourceDefinition(inputs)) cluster.discovery.forget();
  return next(live);
}

export async function remove(
  operation: Operation,
  id: string,
  oldProperties: PropertyMap,
  customTimeout: number,
): Promise<void> {
  if (operation.mayForget(id)) return;
  const cluster = operation.cluster();
  const applier = operation.applier();
  const { inputs, live, fieldManager } = fromState(oldProperties);
  const { name } = parseQualifiedName(id);
  try {
    if (isPatchResource(operation.urn, inputs)) {
      await applier.relinquish(live, name, fieldManager);
      return;
    }
    await applier.delete(live, name, inputs);
    if (skipsAwaitingDeletion(inputs, typeName(live))) return;
    await waitUntilDeleted(
      operation.waiting(),
      `${await cluster.discovery.collection(live)}/${encodeURIComponent(name)}`,
      live,
      timeoutSeconds(customTimeout, inputs),
    );
  } catch (error) {
    // A custom resource went with its definition; anything else was deleted by somebody.
    if (error instanceof NoMatchError || isNotFound(error)) return;
    if (!(error instanceof NotReadyError)) throw error;
    throw partialFailure(error, live, "was not deleted", (object) =>
      toState({ ...fromState(oldProperties), live: object }, oldProperties),
    );
  }
}

async function awaitReady(
  operation: Operation,
  inputs: KubeObject,
  live: KubeObject,
  customTimeout: number,
): Promise<KubeObject> {
  const awaiter = awaiterFor(inputs, live);
  if (awaiter === undefined) return live;
  const timeout = timeoutSeconds(customTimeout, inputs);
  return waitUntilReady(operation.waiting(), awaiter, live, timeout);
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
