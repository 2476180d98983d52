import { z } from "zod";
import { stackLabels } from "../../../infra/manifests/labels";
import type { Found, Look } from "../found";
import { optionalList } from "../shapes";
import {
  deletion,
  isMissing,
  isRefused,
  metadata,
  read,
  readList,
  selectorOf,
  type KubernetesPlace,
} from "./api";

const namespace = z.object({
  metadata,
  status: z
    .object({
      conditions: optionalList(
        z.object({ type: z.string(), status: z.string(), message: z.string().optional() }),
      ),
    })
    .optional(),
});
type Namespace = z.infer<typeof namespace>;

const PATH = "/api/v1/namespaces";

/** With all that is in them. */
export function namespaceLook(stack: string, place: KubernetesPlace): Look {
  return {
    kinds: "namespaces",
    find: async () => {
      const all = await readList(place, PATH, namespace, { selector: selectorOf(stack) }).catch(
        (error: unknown) => {
          if (isRefused(error)) return byName(stack, place);
          throw error;
        },
      );
      return all.map((its) => found(place, its));
    },
  };
}

async function byName(stack: string, place: KubernetesPlace): Promise<Namespace[]> {
  const labels = Object.entries(stackLabels(stack));
  const answers = place.namespaces.map(async (name) => {
    try {
      return [await read(place, `${PATH}/${name}`, namespace)];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  });
  const there = (await Promise.all(answers)).flat();
  return there.filter((its) => labels.every(([key, value]) => its.metadata.labels[key] === value));
}

/** What keeps a namespace that is being deleted: https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/ */
const REMAINS: readonly string[] = ["NamespaceContentRemaining", "NamespaceFinalizersRemaining"];

function found(place: KubernetesPlace, { metadata: its, status }: Namespace): Found {
  const { name, creationTimestamp: since, deletionTimestamp: ends } = its;
  const remains = (status?.conditions ?? [])
    .filter((condition) => REMAINS.includes(condition.type) && condition.status === "True")
    .flatMap(({ message }) => message ?? []);
  return {
    kind: "namespace",
    name,
    place: `context ${place.context.name}`,
    ...(since === undefined || since === null ? {} : { since }),
    ...(ends === undefined || ends === null
      ? {}
      : { detail: [`Terminating since ${ends}`, ...remains].join("; ") }),
    remove: deletion(place, "namespace", name),
  };
}
