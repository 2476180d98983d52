import { z } from "zod";
import { optionalList } from "../shapes";

/** What is read of anything that Compute Engine lists: https://docs.cloud.google.com/compute/docs/reference/rest/v1 */
export const computeItem = z.object({
  name: z.string(),
  creationTimestamp: z.string().optional(),
  description: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  /** URL of the network that it is in, or, of a network itself, nothing. */
  network: z.string().optional(),
  /** Of a machine. */
  networkInterfaces: z.array(z.object({ network: z.string().optional() })).optional(),
  /** URLs of where it is; neither where it is global. */
  region: z.string().optional(),
  zone: z.string().optional(),
  /** Of a route that a network brings. */
  nextHopNetwork: z.string().optional(),
  nextHopPeering: z.string().optional(),
  /** Of an address. */
  address: z.string().optional(),
  /** Of a proxy: URLs of the certificates that it shows. */
  sslCertificates: optionalList(z.string()),
});

export type ComputeItem = z.infer<typeof computeItem>;

/** Last part of a URL. */
export const nameIn = (url: string | undefined) => url?.split("/").at(-1);

const description = z.record(z.string(), z.unknown());

/** Of what Kubernetes' controllers make: they write a JSON object. */
const OBJECT_KEYS = [
  "kubernetes.io/service-name",
  "networking.gke.io/service-name",
  "kubernetes.io/ingress-name",
];
const CLAIM_NAMESPACE = "kubernetes.io/created-for/pvc/namespace";

/** Namespace of the Service, Ingress or volume claim that a controller made something for; undefined where it tells none. */
export function namespaceIn({ description: text = "" }: ComputeItem): string | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const content = description.safeParse(JSON.parse(text)).data ?? {};
    const claim = content[CLAIM_NAMESPACE];
    if (typeof claim === "string") return claim;
    const object = OBJECT_KEYS.map((key) => content[key]).find((value) => value !== undefined);
    return typeof object === "string" ? object.split("/", 1)[0] : undefined;
  } catch {
    return undefined;
  }
}
