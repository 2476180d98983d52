import { z } from "zod";
import { once, type Found, type Look, type Unseen } from "../found";
import { list, optionalList } from "../shapes";
import type { Memory } from "../memory";
import type { IbmApi } from "./api";
import { isOurs, type Cluster } from "./clusters";
import type { IbmStack } from "./stack";

const reference = z.object({ id: z.string() });

/** What is read of anything that the VPC API lists: https://cloud.ibm.com/apidocs/vpc/latest */
const item = z.object({
  id: z.string(),
  name: z.string(),
  created_at: z.string().optional(),
  zone: z.object({ name: z.string() }).optional(),
  vpc: reference.optional(),
  /** Of a balancer. */
  subnets: optionalList(reference),
  /** Of a VPC: they come and go with it. */
  default_security_group: reference.optional(),
  /** Of a volume: what the storage driver writes. */
  user_tags: optionalList(z.string()),
});

type Item = z.infer<typeof item>;

/** Version of the API, a date: https://cloud.ibm.com/apidocs/vpc/latest#api-versioning */
const ALWAYS = { version: "2026-09-01", generation: "2", limit: "100" } as const;

interface VpcKind {
  /** Path and member of the answer. */
  readonly list: string;
  readonly kind: string;
  readonly kinds: string;
  /** `ibmcloud is <command>`. */
  readonly command: string;
  readonly isOurs: (item: Item, network: Network) => boolean;
}

/** The stack's network, as far as it is there. */
interface Network {
  readonly vpcs: ReadonlySet<string>;
  readonly subnets: ReadonlySet<string>;
  readonly defaultGroups: ReadonlySet<string>;
}

const inVpc = ({ vpc }: Item, { vpcs }: Network) => vpcs.has(vpc?.id ?? "");

/** In the order in which they can be removed: what uses something stands before it. */
const KINDS: readonly VpcKind[] = [
  {
    // Those of Services and of the cluster's Ingress: kube-<cluster id>-<uid of the Service>.
    list: "load_balancers",
    kind: "load balancer",
    kinds: "load balancers",
    command: "load-balancer-delete",
    isOurs: ({ subnets }, network) => subnets.some(({ id }) => network.subnets.has(id)),
  },
  {
    list: "endpoint_gateways",
    kind: "endpoint gateway",
    kinds: "endpoint gateways",
    command: "endpoint-gateway-delete",
    isOurs: inVpc,
  },
  {
    list: "subnets",
    kind: "subnet",
    kinds: "subnets",
    command: "subnet-delete",
    isOurs: inVpc,
  },
  {
    // With its address, which it was given.
    list: "public_gateways",
    kind: "public gateway",
    kinds: "public gateways",
    command: "public-gateway-delete",
    isOurs: inVpc,
  },
  {
    list: "security_groups",
    kind: "security group",
    kinds: "security groups",
    command: "security-group-delete",
    isOurs: (group, network) => inVpc(group, network) && !network.defaultGroups.has(group.id),
  },
  {
    list: "vpcs",
    kind: "VPC",
    kinds: "VPCs",
    command: "vpc-delete",
    isOurs: ({ id }, { vpcs }) => vpcs.has(id),
  },
];

/** The stack's VPC with all in it, in the order of removal, and the volumes of claims; nothing on classic infrastructure. */
export function vpcLooks(
  api: IbmApi,
  stack: IbmStack,
  memory: Memory,
  clusters: () => Promise<readonly Cluster[]>,
): Look[] {
  const { config, name } = stack;
  // Its networks are the account's.
  if (config.infrastructure !== "vpc") return [];
  const lists = new Map(
    [...KINDS.map((kind) => kind.list), "volumes"].map((its) => [its, once(() => all(api, its))]),
  );
  const listed = (its: string) => lists.get(its)?.() ?? Promise.resolve([]);
  const network = once(async (): Promise<Network> => {
    const vpcs = (await listed("vpcs")).filter((vpc) => vpc.name === name);
    const ids = new Set(vpcs.map(({ id }) => id));
    const subnets = (await listed("subnets")).filter(({ vpc }) => ids.has(vpc?.id ?? ""));
    return {
      vpcs: ids,
      subnets: new Set(subnets.map(({ id }) => id)),
      defaultGroups: new Set(vpcs.flatMap((vpc) => vpc.default_security_group?.id ?? [])),
    };
  });
  const looks = KINDS.map(({ list: its, kind, kinds, command, isOurs: ours }) => ({
    kinds,
    find: async () => {
      const [items, known] = await Promise.all([listed(its), network()]);
      return items
        .filter((candidate) => ours(candidate, known))
        .map((candidate) => found(candidate, kind, config.region, command));
    },
  }));
  const volumes = async () => {
    const [items, known] = await Promise.all([listed("volumes"), clusters()]);
    const ours = new Set(known.filter((one) => isOurs(stack, memory.clusters, one)).map(idOf));
    const others = new Set(known.map(idOf).filter((id) => !ours.has(id)));
    return items.flatMap((volume): (Found | Unseen)[] => {
      const { cluster, namespace } = claimOf(volume);
      if (cluster === undefined || others.has(cluster)) return [];
      if (ours.has(cluster) || memory.clusters.has(cluster))
        return [found(volume, "volume", config.region, "volume-delete")];
      return namespace === stack.namespace ? [doubtful(volume, cluster)] : [];
    });
  };
  return [{ kinds: "volumes", find: volumes }, ...looks];
}

function found(its: Item, kind: string, region: string, command: string): Found {
  return {
    kind,
    name: its.name,
    id: its.id,
    place: its.zone?.name ?? region,
    ...(its.created_at === undefined ? {} : { since: its.created_at }),
    remove: `ibmcloud is ${command} ${its.id} --force`,
  };
}

const idOf = ({ id }: { readonly id: string }) => id;

/** What the claim of a volume was, by the tags of the block storage driver: https://github.com/IBM/ibm-csi-common, pkg/watcher */
function claimOf({ user_tags: tags }: Item) {
  const values = new Map(
    tags.map((tag) => [tag.split(":", 1)[0], tag.slice(tag.indexOf(":") + 1)]),
  );
  return { cluster: values.get("clusterid"), namespace: values.get("namespace") };
}

/** Of a cluster that isn't listed: it is gone, or the caller may not see it, and a namespace alone may be in any. */
const doubtful = ({ id, name }: Item, cluster: string): Unseen => ({
  kinds: "volumes",
  why: `${name}, ${id}, bears the stack's namespace, but its cluster ${cluster} isn't listed: whose it is can't be told`,
});

async function all(api: IbmApi, member: string): Promise<Item[]> {
  const shape = z.object({ [member]: list(item) });
  const pages = await api.pages("vpc", `/${member}`, shape, { query: ALWAYS });
  return pages.flatMap((page) => page[member] ?? []);
}
