/** The provider's own settings: checked, compared, read (provider.go: CheckConfig, DiffConfig, Configure). */
import { isDeepStrictEqual } from "node:util";
import { equal, strip, Unknown, type PropertyMap } from "../rpc/properties";
import { activeCluster, loadKubeconfig, type Overrides } from "./kubeconfig";
import type { Mutability } from "./immutable";

export interface Settings extends Mutability {
  kubeconfig: string | undefined;
  overrides: Overrides;
  namespace: string;
  deleteUnreachable: boolean;
  skipUpdateUnreachable: boolean;
  enablePatchForce: boolean;
  upsertExistingObjects: boolean;
}

/** Settings that change where or how everything is created; the stand-in has one way only. */
const unsupported = ["renderYamlToDirectory", "alwaysRender", "helmReleaseSettings"];

/** @param variables keys as the engine sends them, `kubernetes:config:<name>` */
export function readSettings(variables: ReadonlyMap<string, string>): Settings {
  const text = (name: string): string | undefined => {
    const value = variables.get(`kubernetes:config:${name}`);
    return value === "" ? undefined : value;
  };
  const flag = (name: string, environment: string, fallback: boolean): boolean => {
    const value = variables.get(`kubernetes:config:${name}`) ?? process.env[environment];
    return value === undefined ? fallback : value === "true";
  };
  for (const name of unsupported)
    if (text(name) !== undefined && text(name) !== "false") throw notSupported(name);
  if (!flag("enableServerSideApply", "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", true))
    throw notSupported("enableServerSideApply: false");
  if (process.env["PULUMI_K8S_AWAIT_ALL"] === "true") throw notSupported("PULUMI_K8S_AWAIT_ALL");
  return {
    kubeconfig: text("kubeconfig"),
    overrides: { context: text("context"), cluster: text("cluster") },
    namespace: text("namespace") ?? "",
    deleteUnreachable: flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE", false),
    skipUpdateUnreachable: flag(
      "skipUpdateUnreachable",
      "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
      false,
    ),
    enableConfigMapMutable: flag(
      "enableConfigMapMutable",
      "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
      false,
    ),
    enableSecretMutable: flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE", false),
    enablePatchForce: flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE", false),
    upsertExistingObjects: flag(
      "upsertExistingObjects",
      "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
      false,
    ),
  };
}

function notSupported(what: string): Error {
  return new Error(
    `modelport's stand-in for the Kubernetes provider does not support ${what}. Install the official plugin: pulumi plugin install resource kubernetes`,
  );
}

export interface ConfigFailure {
  property: string;
  reason: string;
}

/** `strictMode` demands an explicit provider with kubeconfig and context. */
export function checkConfig(config: PropertyMap, isDefaultProvider: boolean): ConfigFailure[] {
  if (config["strictMode"] !== "true" && config["strictMode"] !== true) return [];
  const failures: ConfigFailure[] = [];
  if (isDefaultProvider)
    failures.push({ property: "", reason: "strict mode prohibits the default provider" });
  for (const property of ["kubeconfig", "context"])
    if (config[property] === undefined || config[property] === "")
      failures.push({ property, reason: `strict mode requires the provider's ${property}` });
  return failures;
}

export interface ConfigDiff {
  diffs: string[];
  replaces: string[];
}

const identifier = "clusterIdentifier";
const clusterKeys = ["kubeconfig", "context", "cluster"];

/**
 * A provider is replaced, and with it everything it made, when the cluster it talks to is another;
 * `clusterIdentifier`, where set and the same, vouches that it is not.
 */
export async function diffConfig(old: PropertyMap, next: PropertyMap): Promise<ConfigDiff> {
  const diffs = [...new Set([...Object.keys(old), ...Object.keys(next)])].filter(
    (key) => !equal(strip(old[key] ?? null), strip(next[key] ?? null)),
  );
  if (diffs.length === 0) return { diffs, replaces: [] };
  const both = old[identifier] !== undefined && next[identifier] !== undefined;
  const vouched = both && !diffs.includes(identifier);
  const replaces = both && diffs.includes(identifier) ? [identifier] : [];
  const unknown = clusterKeys.find((key) => strip(next[key] ?? null) instanceof Unknown);
  if (unknown !== undefined)
    return { diffs: [unknown], replaces: vouched ? [] : [...replaces, unknown] };
  if (diffs.includes("renderYamlToDirectory")) replaces.push("renderYamlToDirectory");
  const [before, after] = await Promise.all([clusterOf(old), clusterOf(next)]);
  if (before !== undefined && after !== undefined && !isDeepStrictEqual(before, after))
    replaces.push(...clusterKeys.filter((key) => diffs.includes(key)));
  return { diffs, replaces: vouched ? [] : replaces };
}

async function clusterOf(config: PropertyMap) {
  const text = (key: string) => {
    const value = strip(config[key] ?? null);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  if (text("kubeconfig") === undefined) return undefined;
  const kubeconfig = await loadKubeconfig(text("kubeconfig"));
  return activeCluster(kubeconfig, { context: text("context"), cluster: text("cluster") });
}
