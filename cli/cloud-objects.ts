import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../local/errors";
import type { Found, Inventory } from "./inventory/found";
import type { Waiting } from "./inventory/proof";
import { describe, removals } from "./inventory/report";
import type { LiveObject } from "./live-objects";
import { isThere, reveal, type StateResource } from "./state";

type Inputs = Readonly<Record<string, string>>;

/** How a resource's inputs lead to what the inventory of its cloud lists. */
interface Listed {
  /** In the inventory's words, one of it and more. */
  readonly kind: string;
  readonly kinds: string;
  /** Default: the input `name`. */
  readonly name?: (inputs: Inputs) => string;
  /** As the provider takes it to import the resource. Default: the ID that the inventory tells. */
  readonly id?: (inputs: Inputs) => string;
  /** The ID with which its own begins: of what it is a part of. */
  readonly within?: (inputs: Inputs) => string;
  /** Names needn't be unique: of one that is replaced the new one is there beside the old. Default: they must */
  readonly alike?: true;
  /** It has a secret that was told to its maker alone, who is dead. */
  readonly secret?: true;
}

/** What was found in a cloud. */
export interface CloudObject extends LiveObject {
  /** Nobody can use it: it is to go, and what it was for is made again. */
  readonly lost?: true;
}

const email = ({ accountId = "", project = "" }: Inputs) =>
  `${accountId}@${project}.iam.gserviceaccount.com`;

/** Formats of IDs: the section "Import" of each resource on https://www.pulumi.com/registry/packages/gcp/api-docs/ */
const LISTED: Readonly<Record<string, Listed>> = {
  "gcp:compute/network:Network": {
    ...{ kind: "network", kinds: "networks" },
    id: (its) => `projects/${its["project"]}/global/networks/${its["name"]}`,
  },
  "gcp:compute/subnetwork:Subnetwork": {
    ...{ kind: "subnetwork", kinds: "subnetworks" },
    id: (its) => `projects/${its["project"]}/regions/${its["region"]}/subnetworks/${its["name"]}`,
  },
  "gcp:compute/router:Router": {
    ...{ kind: "router", kinds: "routers" },
    id: (its) => `projects/${its["project"]}/regions/${its["region"]}/routers/${its["name"]}`,
  },
  "gcp:compute/address:Address": {
    ...{ kind: "address", kinds: "addresses" },
    id: (its) => `projects/${its["project"]}/regions/${its["region"]}/addresses/${its["name"]}`,
  },
  "gcp:compute/globalAddress:GlobalAddress": {
    ...{ kind: "address", kinds: "addresses" },
    id: (its) => `projects/${its["project"]}/global/addresses/${its["name"]}`,
  },
  "gcp:container/cluster:Cluster": {
    ...{ kind: "cluster", kinds: "clusters" },
    id: (its) => `projects/${its["project"]}/locations/${its["location"]}/clusters/${its["name"]}`,
  },
  "gcp:serviceaccount/account:Account": {
    ...{ kind: "service account", kinds: "service accounts" },
    name: email,
    id: (its) => `projects/${its["project"]}/serviceAccounts/${email(its)}`,
  },
  "gcp:artifactregistry/repository:Repository": {
    ...{ kind: "image repository", kinds: "image repositories" },
    name: (its) => its["repositoryId"] ?? "",
    id: (its) =>
      `projects/${its["project"]}/locations/${its["location"]}/repositories/${its["repositoryId"]}`,
  },
  "gcp:dns/recordSet:RecordSet": {
    ...{ kind: "DNS record", kinds: "DNS records" },
    id: (its) =>
      `projects/${its["project"]}/managedZones/${its["managedZone"]}/rrsets/${its["name"]}/${its["type"]}`,
  },
  "ibm:index/isVpc:IsVpc": { kind: "VPC", kinds: "VPCs" },
  "ibm:index/isSubnet:IsSubnet": { kind: "subnet", kinds: "subnets" },
  "ibm:index/isPublicGateway:IsPublicGateway": { kind: "public gateway", kinds: "public gateways" },
  "ibm:index/containerVpcCluster:ContainerVpcCluster": { kind: "cluster", kinds: "clusters" },
  "ibm:index/containerCluster:ContainerCluster": { kind: "cluster", kinds: "clusters" },
  // Its default pool is in no list: to make it is to take it over.
  "ibm:index/containerVpcWorkerPool:ContainerVpcWorkerPool": {
    ...{ kind: "worker pool", kinds: "worker pools" },
    name: (its) => its["workerPoolName"] ?? "",
    within: (its) => its["cluster"] ?? "",
  },
  "ibm:index/resourceInstance:ResourceInstance": {
    ...{ kind: "object storage", kinds: "object storages", alike: true },
  },
  "ibm:index/iamServiceId:IamServiceId": {
    ...{ kind: "service ID", kinds: "service IDs", alike: true },
  },
  "ibm:index/iamServiceApiKey:IamServiceApiKey": {
    ...{ kind: "API key", kinds: "API keys", alike: true, secret: true },
  },
  // https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources/iam_service_policy#import
  "ibm:index/iamServicePolicy:IamServicePolicy": {
    ...{ kind: "policy", kinds: "policies", alike: true },
    within: (its) => its["iamServiceId"] ?? "",
  },
};

/** Parts of something that is the stack's anyway: whether they are there, reading them by their ID tells. */
const PARTS: Readonly<Record<string, (inputs: Inputs) => string>> = {
  "gcp:compute/routerNat:RouterNat": (its) =>
    `${its["project"]}/${its["region"]}/${its["router"]}/${its["name"]}`,
  "gcp:container/nodePool:NodePool": (its) =>
    `projects/${its["project"]}/locations/${its["location"]}/clusters/${its["cluster"]}/nodePools/${its["name"]}`,
};

/** What is under way in a cluster that can't be worked with before it ends. */
const IN_BETWEEN = /\b(PROVISIONING|STOPPING|requested|pending|deploying|deleting)\b/;

/** Who is told what. */
interface Told {
  /** What is waited for. */
  readonly waiting: (text: string) => void;
  /** What the cloud doesn't tell, and is given up. Default: that is an error. */
  readonly give?: ((what: string) => void) | undefined;
}

/** A cluster of OpenShift takes up to an hour. */
const PATIENCE: Waiting = { totalMs: 5_400_000, firstPauseMs: 1000, longestPauseMs: 30_000 };

/**
 * Finds in a cloud what an interrupted update was creating there, by the inventory that `down` is proven with: what that counts as
 * the stack's, and nothing else. Kinds that are in no list are made again: enabling an API, granting a role or making a registry
 * namespace twice is the same as once (one that has no tag yet is in no list: only an `up` makes it the stack's).
 *
 * @param stack name, for commands
 * @param known the resources that the state holds
 * @param look asks the cloud
 */
export function findInCloud(
  stack: string,
  known: readonly StateResource[],
  look: () => Promise<Inventory>,
  { waiting, give }: Told,
  patience = PATIENCE,
): (resource: StateResource) => Promise<CloudObject | undefined> {
  // An ID that the cloud chooses is nobody else's ever; one that is formed of names comes back with them.
  const held = known.filter((one) => isThere(one) || LISTED[one.type]?.id === undefined);
  const taken = new Set(held.map(({ type, id }) => `${type} ${id}`));
  let answer: Promise<Inventory> | undefined;
  const settled = () => (answer ??= atRest(look, waiting, patience));

  return async (resource) => {
    const inputs = texts(resource.inputs);
    const part = PARTS[resource.type];
    if (part !== undefined) return { id: part(inputs), outputs: {} };
    const listed = LISTED[resource.type];
    if (listed === undefined) return undefined;
    const inventory = await settled();
    const unseen = inventory.unseen.find(({ kinds }) => kinds === listed.kinds);
    if (unseen !== undefined) {
      if (give === undefined) throw unknown(resource, unseen.why);
      give(`${listed.kind} ${nameOf(listed, inputs)}`);
      return undefined;
    }
    const candidates = inventory.found
      .filter((found) => isMeant(listed, inputs, found))
      .map((found) => ({ found, id: listed.id?.(inputs) ?? found.id ?? found.name }))
      .filter(({ id }) => !taken.has(`${resource.type} ${id}`));
    const [first, ...others] = candidates;
    if (first === undefined) return undefined;
    if (others.length > 0 && listed.kind !== "policy")
      throw ambiguous(stack, resource, { ...inventory, found: candidates.map((one) => one.found) });
    taken.add(`${resource.type} ${first.id}`);
    return { id: first.id, outputs: {}, ...(listed.secret === true ? { lost: true } : {}) };
  };
}

/** Whether what replaces one is made before that goes, so that what was being made may be there beside it. */
export const isMadeBeside = ({ type }: StateResource): boolean => LISTED[type]?.alike === true;

/** The inventory, once no cluster in it is being made or removed. */
async function atRest(
  look: () => Promise<Inventory>,
  waiting: (text: string) => void,
  { totalMs, firstPauseMs, longestPauseMs }: Waiting,
): Promise<Inventory> {
  const end = Date.now() + totalMs;
  for (let wait = firstPauseMs; ; wait = Math.min(wait * 2, longestPauseMs)) {
    const inventory = await look();
    const busy = inventory.found.find(
      ({ kind, detail }) => kind === "cluster" && IN_BETWEEN.test(detail ?? ""),
    );
    if (busy === undefined || Date.now() + wait > end) return inventory;
    waiting(`waiting for ${describe(busy)}`);
    await pause(wait);
  }
}

/** A policy has no name: its description says whose it is, which the inventory has looked at. Of several any will do: `up` makes it right. */
function isMeant(listed: Listed, inputs: Inputs, found: Found): boolean {
  const { kind, within } = listed;
  if (kind !== found.kind) return false;
  if (within !== undefined && found.id?.startsWith(`${within(inputs)}/`) !== true) return false;
  if (kind === "policy") return true;
  // An ID that is formed from the inputs says where; some addresses are nowhere.
  const place =
    inputs["region"] ?? inputs["location"] ?? (kind === "address" ? "global" : undefined);
  if (listed.id !== undefined && place !== undefined && found.place !== place) return false;
  return nameOf(listed, inputs) === found.name;
}

const nameOf = ({ name }: Listed, inputs: Inputs) => name?.(inputs) ?? inputs["name"];

function texts(inputs: Record<string, unknown> | undefined): Inputs {
  const entries = Object.entries(reveal(inputs ?? {}) as Record<string, unknown>);
  return Object.fromEntries(entries.filter((one): one is [string, string] => isText(one[1])));
}

const isText = (value: unknown) => typeof value === "string";

function unknown({ urn }: StateResource, why: string): UserError {
  return new UserError("what an interrupted update has made can't be told", {
    why: `it was creating ${urn}; the cloud says: ${why}`,
    fix: "mend that and run the same command again; nothing was changed",
  });
}

function ambiguous(stack: string, { urn }: StateResource, inventory: Inventory): UserError {
  return new UserError("what an interrupted update has made can't be told", {
    why: [`it was creating ${urn}, and there are several:`, ...inventory.found.map(describe)].join(
      "\n       ",
    ),
    fix: [
      "remove those that nothing uses, then run the same command again:",
      ...removals(inventory),
      `npm run up -- --stack ${stack}`,
    ].join("\n       "),
  });
}
