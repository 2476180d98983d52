/** Reads one resource: for an import, or to find what changed outside of Pulumi. */
import { InitializationError } from "../rpc/errors";
import { strip, type PropertyMap } from "../rpc/properties";
import { readAwaiterFor } from "./await/registry";
import { NotReadyError, requireReadyNow } from "./await/wait";
import { isNotFound } from "./client";
import { prune } from "./diff";
import { NoMatchError } from "./discovery";
import { isBuiltIn, normalize, toDashes, toUnderscores } from "./normalize";
import {
  apiVersionOf,
  nameOf,
  namespaceOf,
  parseQualifiedName,
  remove,
  set,
  type KubeObject,
} from "./object";
import { chooseFieldManager, type Operation } from "./operation";
import { parseToken } from "./resource-type";
import { fromState, markSecrets, toState } from "./secrets";

/** undefined: the object is gone, and so may be its state. */
export async function read(
  operation: Operation,
  id: string,
  oldProperties: PropertyMap,
  marks: PropertyMap,
): Promise<{ id: string; properties: PropertyMap; inputs: PropertyMap } | undefined> {
  if (operation.mayForget(id)) return undefined;
  if (operation.reach.cluster === undefined)
    return { id, properties: oldProperties, inputs: marks };
  const { namespace, name } = parseQualifiedName(id);
  if (name === "") throw new Error(`"${id}" is neither "name" nor "namespace/name"`);
  const old = fromState(oldProperties);
  const oldInputs = normalize(toDashes(strip(marks)));
  const isImport = apiVersionOf(oldInputs) === "" && apiVersionOf(old.live) === "";
  if (apiVersionOf(oldInputs) === "") {
    const known = apiVersionOf(old.live) === "" ? parseToken(operation.urn) : old.live;
    oldInputs["apiVersion"] = known["apiVersion"] ?? "";
    oldInputs["kind"] = known["kind"] ?? "";
    if (nameOf(oldInputs) === "") set(oldInputs, name, "metadata", "name");
    if (namespace !== "" && namespaceOf(oldInputs) === "")
      set(oldInputs, namespace, "metadata", "namespace");
  }
  let live: KubeObject;
  let notReady: NotReadyError | undefined;
  try {
    live = await operation.applier().get(oldInputs, name);
    const awaiter = isImport ? undefined : readAwaiterFor(oldInputs, live);
    if (awaiter !== undefined)
      await requireReadyNow(operation.waiting(), awaiter, live).catch((error: unknown) => {
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
