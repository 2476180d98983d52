import { z } from "zod";
import { once, type Found, type Look } from "../found";
import { optionalList } from "../shapes";
import type { GoogleApi } from "./api";
import { computeItem, type ComputeItem } from "./compute-item";
import { COMPUTE_KINDS, INSIDE, placeOf, removal, type ComputeKind } from "./compute-kinds";
import type { Memory } from "../memory";
import { remember, type Evidence } from "./compute-owner";
import type { GoogleStack } from "./stack";

/** https://docs.cloud.google.com/compute/docs/reference/rest/v1/forwardingRules/aggregatedList */
const scope = z.looseObject({
  warning: z.object({ code: z.string(), message: z.string().optional() }).optional(),
});
const aggregated = z.object({ items: z.record(z.string(), scope).default({}) });
const global = z.object({ items: optionalList(computeItem) });

const MOST = "500";

const ADDRESSES = "aggregated/addresses";

/** The kinds of Compute Engine. */
export interface Compute {
  /** In the order of removal. */
  readonly looks: readonly Look[];
  /** IP addresses that are the stack's, or were. @throws Error where they can't be listed */
  readonly addresses: () => Promise<ReadonlySet<string>>;
}

/** @param memory is added to */
export function computeOf(
  api: GoogleApi,
  stack: GoogleStack,
  memory: Memory,
  clusterLives: () => Promise<boolean>,
): Compute {
  const lists = new Map(
    COMPUTE_KINDS.map((kind) => [kind.path, once(() => list(api, stack.project, kind))]),
  );
  const listed = (path: ComputeKind["path"]) => lists.get(path)?.() ?? Promise.resolve([]);
  const evidence = once(async (): Promise<Evidence> => {
    // What can't be listed is told by its own look, and proves nothing here.
    const known = (path: ComputeKind["path"]) => listed(path).catch((): ComputeItem[] => []);
    const inside = (await Promise.all(INSIDE.map(known))).flat();
    const proxies = await known("aggregated/targetHttpsProxies");
    remember(stack, memory, { inside, proxies, addresses: await known(ADDRESSES) });
    const { clusterIds, balancers, certificates } = memory;
    // Where that can't be told, nothing may be taken for what a cluster left.
    const lives = await clusterLives().catch(() => true);
    return { clusterIds, balancers, certificates, clusterLives: lives };
  });
  const addresses = async () => {
    await Promise.all([listed(ADDRESSES), evidence()]);
    return memory.addresses;
  };
  const looks = COMPUTE_KINDS.map((kind) => ({
    kinds: plural(kind.kind),
    find: async () => {
      const [items, known] = await Promise.all([listed(kind.path), evidence()]);
      return items
        .filter((item) => kind.isOurs(stack, item, known))
        .map((item) => found(stack, kind, item));
    },
  }));
  return { looks, addresses };
}

const plural = (kind: string) => kind.replace(/y$/, "ie").replace(/s$/, "se") + "s";

function found({ project }: GoogleStack, kind: ComputeKind, item: ComputeItem): Found {
  return {
    kind: kind.kind,
    name: item.name,
    place: placeOf(item),
    ...(item.creationTimestamp === undefined ? {} : { since: item.creationTimestamp }),
    remove: removal(project, kind, item),
  };
}

/** @throws Error also where a region can't be asked */
async function list(api: GoogleApi, project: string, { path }: ComputeKind) {
  const at = `projects/${project}/${path}`;
  const query = { maxResults: MOST };
  if (path.startsWith("global/"))
    return (await api.pages("compute", at, global, query)).flatMap(({ items }) => items);
  const pages = await api.pages("compute", at, aggregated, query);
  const name = path.slice("aggregated/".length);
  return pages.flatMap(({ items }) =>
    Object.entries(items).flatMap(([place, { warning, ...its }]) => {
      if (warning !== undefined && warning.code !== "NO_RESULTS_ON_PAGE")
        throw new Error(`${place}: ${warning.message ?? warning.code}`);
      return z.array(computeItem).parse(its[name] ?? []);
    }),
  );
}
