import { z } from "zod";
import type { Found, Look } from "../found";
import { list, optionalList } from "../shapes";
import {
  deletion,
  isRefused,
  metadata,
  read,
  readList,
  selectorOf,
  type KubernetesPlace,
} from "./api";

/** https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery: there since Kubernetes 1.30, the oldest that is served */
const DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const resource = z.object({ resource: z.string(), scope: z.string(), verbs: list(z.string()) });
const version = z.object({ version: z.string(), resources: optionalList(resource) });
const discovery = z.object({
  items: list(
    z.object({
      metadata: z.object({ name: z.string().optional() }).optional(),
      versions: optionalList(version),
    }),
  ),
});

/** Names and labels alone: what is in an object may be secret. */
const METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

interface Kind {
  /** As kubectl takes it: clusterroles.rbac.authorization.k8s.io */
  readonly name: string;
  readonly path: string;
}

/** Without `delete` it is no thing but a question, as OpenShift's `projectrequests`, whose list is no list. */
const LISTED = ["list", "delete"];

/** Namespaces, which have a look of their own, and what OpenShift shows a second time: projects are namespaces, its roles are RBAC's. */
const TOLD_ELSEWHERE =
  /^(?:namespaces|projects\.project\.openshift\.io|.*\.authorization\.openshift\.io)$/;

/** What bears the stack's labels and is in no namespace, of whatever kind the cluster has. */
export function clusterWideLook(stack: string, place: KubernetesPlace): Look {
  return {
    kinds: "cluster-wide objects",
    find: async () => {
      const lists = (await kindsOf(place)).map((kind) => findOf(stack, place, kind));
      return (await Promise.all(lists)).flat();
    },
  };
}

/** Each in the version that the cluster prefers. */
async function kindsOf(place: KubernetesPlace): Promise<Kind[]> {
  const [core, groups] = await Promise.all([
    read(place, "/api", discovery, DISCOVERY),
    read(place, "/apis", discovery, DISCOVERY),
  ]);
  return [...core.items, ...groups.items].flatMap(({ metadata: its, versions }) => {
    const group = its?.name ?? "";
    return (versions[0]?.resources ?? [])
      .filter(
        ({ scope, verbs }) => scope === "Cluster" && LISTED.every((verb) => verbs.includes(verb)),
      )
      .map((kind) => ({
        name: group === "" ? kind.resource : `${kind.resource}.${group}`,
        path: `${group === "" ? "/api" : `/apis/${group}`}/${versions[0]?.version ?? ""}/${kind.resource}`,
      }))
      .filter(({ name }) => !TOLD_ELSEWHERE.test(name));
  });
}

async function findOf(stack: string, place: KubernetesPlace, kind: Kind): Promise<Found[]> {
  const asked = { selector: selectorOf(stack), accept: METADATA };
  const items = await readList(place, kind.path, z.object({ metadata }), asked).catch(
    (error: unknown) => {
      // Of a kind that the login may not even list, it has made nothing.
      if (isRefused(error)) return [];
      throw error;
    },
  );
  return items.map(({ metadata: { name, creationTimestamp: since } }) => ({
    kind: kind.name,
    name,
    place: `context ${place.context.name}`,
    ...(since === undefined || since === null ? {} : { since }),
    remove: deletion(place, kind.name, name),
  }));
}
