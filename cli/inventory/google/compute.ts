import { z } from "zod";
import { once, type Found, type Look } from "../found";
import type { GoogleApi } from "./api";
import { computeItem, type ComputeItem } from "./compute-item";
import { COMPUTE_KINDS, INSIDE, placeOf, removal, type ComputeKind } from "./compute-kinds";
import { evidenceIn, type Evidence } from "./compute-owner";
import type { GoogleStack } from "./stack";

/** https://docs.cloud.google.com/compute/docs/reference/rest/v1/forwardingRules/aggregatedList */
const scope = z.looseObject({
  warning: z.object({ code: z.string(), message: z.string().optional() }).optional(),
});
const aggregated = z.object({ items: z.record(z.string(), scope).default({}) });
const global = z.object({ items: z.array(computeItem).default([]) });

const MOST = "500";

/** The kinds of Compute Engine, in the order of removal. @param clusterLives asked only if something hangs on it */
export function computeLooks(
  api: GoogleApi,
  stack: GoogleStack,
  clusterLives: () => Promise<boolean>,
): Look[] {
  const lists = new Map(
    COMPUTE_KINDS.map((kind) => [kind.path, once(() => list(api, stack.project, kind))]),
  );
  const listed = (path: ComputeKind["path"]) => lists.get(path)?.() ?? Promise.resolve([]);
  const evidence = once(async (): Promise<Evidence> => {
    // What can't be listed is told by its own look, and proves nothing here.
    const inside = COMPUTE_KINDS.filter(({ path }) => INSIDE.includes(path)).map(({ path }) =>
      listed(path).catch((): ComputeItem[] => []),
    );
    const lives = clusterLives().catch(() => false);
    return evidenceIn(stack, (await Promise.all(inside)).flat(), await lives);
  });
  return COMPUTE_KINDS.map((kind) => ({
    kinds: plural(kind.kind),
    find: async () => {
      const [items, known] = await Promise.all([listed(kind.path), evidence()]);
      return items
        .filter((item) => kind.isOurs(stack, item, known))
        .map((item) => found(stack, kind, item));
    },
  }));
}

const plural = (kind: string) => (kind.endsWith("y") ? `${kind.slice(0, -1)}ies` : `${kind}s`);

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
