/**
 * Brings inputs into the form in which the API server gives them back, so that equal things compare
 * equal. The official provider gets there by converting to Go types and back
 * (provider/pkg/clients/unstructured.go, Normalize; provider/pkg/provider/provider.go,
 * normalizeInputs); without those types, the differences that conversion makes are spelt out here.
 */
import { hasUnknown, isMap, Unknown, type Plain, type PlainObject } from "../rpc/properties";
import { apiVersionOf, get, getMap, kindOf, remove, type KubeObject } from "./object";
import { canonicalQuantity } from "./quantity";

/** Names under which x-kubernetes-* fields travel, as a Pulumi property has no dash. */
const dashed = new Map(
  [
    "embedded-resource",
    "int-or-string",
    "list-map-keys",
    "list-type",
    "map-type",
    "preserve-unknown-fields",
    "validations",
  ].map((name) => [`x_kubernetes_${name.replaceAll("-", "_")}`, `x-kubernetes-${name}`]),
);
const underscored = new Map([...dashed].map(([underscore, dash]) => [dash, underscore]));

export const toDashes = (object: PlainObject): PlainObject => rename(object, dashed);
export const toUnderscores = (object: PlainObject): PlainObject => rename(object, underscored);

/** Metadata only the server writes. */
const readOnlyMetadata = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

/** API groups of Kubernetes itself; those of custom resources are nobody's to normalise. */
export function isBuiltIn(apiVersion: string): boolean {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return !group.includes(".") || group.endsWith(".k8s.io");
}

/** Works on a copy. */
export function normalize(object: KubeObject): KubeObject {
  const result = structuredCloneWithUnknowns(object);
  if (isBuiltIn(apiVersionOf(result)) && !hasUnknown(result)) {
    if (kindOf(result) === "Secret") normalizeSecret(result);
    else if (kindOf(result) === "CustomResourceDefinition") normalizeDefinition(result);
    else normalizeFields(result);
  }
  for (const field of readOnlyMetadata) remove(result, "metadata", field);
  return result;
}

/** `data` holds the base64 of `stringData`, which wins. */
function normalizeSecret(secret: KubeObject): void {
  const stringData = getMap(secret, "stringData");
  const data = getMap(secret, "data");
  for (const [key, value] of Object.entries(data))
    if (typeof value === "string" && isBase64(value))
      data[key] = Buffer.from(value, "base64").toString("base64");
  if (Object.keys(stringData).length === 0) return;
  for (const [key, value] of Object.entries(stringData))
    if (typeof value === "string") data[key] = Buffer.from(value).toString("base64");
  secret["data"] = data;
  delete secret["stringData"];
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text);
}

function normalizeDefinition(definition: KubeObject): void {
  if (get(definition, "spec", "preserveUnknownFields") === false)
    remove(definition, "spec", "preserveUnknownFields");
  delete definition["status"];
}

/** Maps whose values are quantities. */
const quantityMaps = new Set([
  "limits",
  "requests",
  "hard",
  "capacity",
  "overhead",
  "default",
  "defaultRequest",
  "max",
  "min",
  "maxLimitRequestRatio",
]);
const quantityFields = new Set(["sizeLimit", "averageValue", "divisor"]);

/**
 * Fields that Go's `omitempty` leaves out when they hold their type's zero: their Go type is a plain
 * bool, number, string or a map, so that zero and absent are one (k8s.io/api, types.go).
 */
const zeroIsAbsent = new Set([
  ...["hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly", "paused"],
  ...["publishNotReadyAddresses", "minReadySeconds", "initialDelaySeconds", "timeoutSeconds"],
  ...["periodSeconds", "successThreshold", "failureThreshold", "hostPort", "nodePort"],
  ...["name", "generateName", "namespace", "value", "subPath", "subPathExpr", "mountPath", "host"],
  ...["path", "scheme", "protocol", "type", "clusterIP", "externalName", "sessionAffinity"],
  ...["externalTrafficPolicy", "serviceAccountName", "serviceAccount", "nodeName", "hostname"],
  ...["subdomain", "schedulerName", "priorityClassName", "dnsPolicy", "restartPolicy"],
  ...["imagePullPolicy", "image", "workingDir", "terminationMessagePath", "policy", "key"],
  ...["terminationMessagePolicy", "operator", "effect", "podManagementPolicy", "serviceName"],
  ...["labels", "annotations", "nodeSelector", "matchLabels", "limits", "requests"],
]);
/** Maps whose keys are the user's own, so that none of them is a field. */
const freeMaps = new Set([
  ...["labels", "annotations", "nodeSelector", "matchLabels", "data", "stringData", "binaryData"],
]);

function normalizeFields(value: Plain | undefined): void {
  if (Array.isArray(value)) {
    value.forEach(normalizeFields);
    return;
  }
  if (!isMap(value)) return;
  for (const [key, child] of Object.entries(value)) {
    if (isZero(child) && isAbsentWhenZero(key, child)) {
      remove(value, key);
    } else if (quantityMaps.has(key) && isMap(child)) {
      for (const [name, quantity] of Object.entries(child))
        if (typeof quantity === "string" || typeof quantity === "number")
          child[name] = canonicalQuantity(String(quantity));
    } else if (freeMaps.has(key)) {
      continue;
    } else if (quantityFields.has(key) && typeof child === "string") {
      value[key] = canonicalQuantity(child);
    } else {
      normalizeFields(child);
    }
  }
}

function isZero(value: Plain): boolean {
  if (value instanceof Unknown) return false;
  if (Array.isArray(value)) return value.length === 0;
  if (isMap(value)) return Object.keys(value).length === 0;
  return value === false || value === 0 || value === "";
}

function isAbsentWhenZero(key: string, value: Plain): boolean {
  if (Array.isArray(value)) return key !== "rules" && key !== "containers";
  return zeroIsAbsent.has(key);
}

function rename(value: PlainObject, names: Map<string, string>): PlainObject {
  const walk = (child: Plain): Plain => {
    if (Array.isArray(child)) return child.map(walk);
    if (!isMap(child)) return child;
    return Object.fromEntries(
      Object.entries(child).map(([key, grandchild]) => [names.get(key) ?? key, walk(grandchild)]),
    );
  };
  return walk(value) as PlainObject;
}

/** `structuredClone` would turn an Unknown into a plain object. */
function structuredCloneWithUnknowns(value: PlainObject): PlainObject {
  return rename(value, new Map());
}
