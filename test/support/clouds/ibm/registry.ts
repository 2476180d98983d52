import { imageRegistry } from "../../openshift";
import type { Cloud } from "../cloud";
import type { Access, Login, RegistryHost, RuledVerdict } from "../gateway/gateway";
import type { Kind } from "../kind";
import { text } from "../values";
import { identityOf, regionOfProvider } from "./account";
import { Refusal } from "./errors";
import { mayPull } from "./iam";
import { ACCOUNT, crn, OWNER, RESOURCE_GROUP } from "./ids";
import { REGISTRY_HOSTS } from "./regions";
import type { Rule } from "./rules";
import { NAMESPACE, RETENTION_POLICY } from "./tokens";
import { count } from "./values";

const DOCS = "https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources";

/** Namespaces of other accounts: names that are taken wherever one looks. */
export const TAKEN_NAMESPACES: readonly string[] = ["ibm-iks", "acme-models-taken"];

const NAME = /^[a-z0-9][a-z0-9_-]*[a-z0-9]$/;

export const namespace: Kind = {
  token: NAMESPACE,
  docs: `${DOCS}/cr_namespace`,
  replaceOn: ["name", "resourceGroupId"],
  seconds: { create: 3, delete: 3 },
  /** Rules of names: https://cloud.ibm.com/docs/Registry?topic=Registry-troubleshoot-add-namespace */
  create(inputs, cloud) {
    const name = text(inputs, "name");
    if (name.length < 4 || name.length > 30 || !NAME.test(name))
      throw new Refusal(
        "namespace-name",
        `"name" must contain from 4 to 30 characters: lower-case letters, numbers, hyphens and underscores, and start and end with a letter or number: "${name}"`,
      );
    if (cloud.store.find(NAMESPACE, name) !== undefined || TAKEN_NAMESPACES.includes(name))
      throw new Refusal(
        "namespace-taken",
        `CreateNamespaceWithContext failed The value '${name}' for namespace is already in use. Choose a different value for your namespace. See https://cloud.ibm.com/docs/Registry?topic=Registry-troubleshoot-add-namespace`,
      );
    const region = regionOfProvider(cloud);
    const created = new Date(cloud.now()).toISOString();
    return {
      id: name,
      outputs: {
        account: ACCOUNT,
        crn: crn("container-registry", { region, type: "namespace", resource: name }),
        createdDate: created,
        updatedDate: created,
        resourceCreatedDate: created,
        resourceGroupId: text(inputs, "resourceGroupId") || RESOURCE_GROUP.id,
        region,
      },
    };
  },
  /** With all its images, and its policy: https://cloud.ibm.com/docs/Registry?topic=Registry-containerregcli#bx_cr_namespace_rm */
  deleted({ id }, cloud) {
    const policy = cloud.store.find(RETENTION_POLICY, id);
    if (policy !== undefined) cloud.store.remove(policy);
  },
};

export const retentionPolicy: Kind = {
  token: RETENTION_POLICY,
  docs: `${DOCS}/cr_retention_policy`,
  replaceOn: ["namespace"],
  create(inputs, cloud) {
    const name = text(inputs, "namespace");
    if (cloud.store.find(NAMESPACE, name) === undefined)
      throw new Refusal(
        "retention-without-namespace",
        `SetRetentionPolicyWithContext failed The namespace was not found.`,
      );
    if (count(inputs, "imagesPerRepo", 0) < -1)
      throw new Refusal(
        "retention-count",
        "SetRetentionPolicyWithContext failed The images_per_repo is not valid.",
      );
    return { id: name, outputs: { retainUntagged: inputs["retainUntagged"] === true } };
  },
};

const HELP = "See https://cloud.ibm.com/docs/Registry?topic=Registry-troubleshoot";

/** Texts: https://cloud.ibm.com/docs/Registry?topic=Registry-troubleshoot-docker-push-pull and the pages that it names. */
const REFUSALS = {
  login: {
    status: 401,
    code: "UNAUTHORIZED",
    message: `Authorization required. ${HELP}-auth-req`,
  },
  scope: { status: 403, code: "DENIED", message: `Insufficient scope. ${HELP}-scope` },
  resource: {
    status: 403,
    code: "DENIED",
    message: `You are not authorized to access the specified resource. ${HELP}-resource`,
  },
  storage: {
    status: 403,
    code: "DENIED",
    message: `Your account has exceeded its image storage quota for the current month. ${HELP}-quota`,
  },
  traffic: {
    status: 403,
    code: "DENIED",
    message: `Your account has exceeded its pull traffic quota for the current month. ${HELP}-quota`,
  },
} as const;

const refused = (what: keyof typeof REFUSALS): RuledVerdict<Rule> => ({
  ok: false,
  rule: `registry-${what}`,
  ...REFUSALS[what],
});

/** Container Registry's hosts, and an OpenShift cluster's own; no other registry is reached through this network. */
export const registries = (cloud: Cloud): readonly RegistryHost[] => [
  {
    pattern: new RegExp(`^(?:${[...new Set(Object.values(REGISTRY_HOSTS))].join("|")})$`),
    authorize: (given, access) => Promise.resolve(authorize(cloud, given, access)),
  },
  imageRegistry(cloud.settings.kubeconfig),
];

/** https://cloud.ibm.com/docs/Registry?topic=Registry-iam */
export function authorize(
  cloud: Cloud,
  given: Login | undefined,
  { host, repository, action }: Access,
): RuledVerdict<Rule> {
  if (given?.user !== "iamapikey") return refused("login");
  const identity = identityOf(cloud, given.password);
  if (identity === undefined) return refused("login");
  if (repository === "") return { ok: true };
  const [name = ""] = repository.split("/");
  const found = cloud.store.find(NAMESPACE, name);
  if (found === undefined || !isAt(host, text(found.outputs, "region"))) return refused("resource");
  if (identity.iamId !== OWNER && (action === "push" || !mayPull(cloud, identity.iamId, name)))
    return refused("scope");
  if (action === "push" && cloud.faults.holds("registry-full", "storage"))
    return refused("storage");
  if (action === "pull" && cloud.faults.holds("registry-full", "traffic"))
    return refused("traffic");
  return { ok: true };
}

const isAt = (host: string, region: string): boolean =>
  Object.entries(REGISTRY_HOSTS).some(([its, name]) => its === region && name === host);
