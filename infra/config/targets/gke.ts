import { z } from "zod";
import { say } from "../values";
import { DISK_TYPES, GPU_TYPES } from "./gke-machines";

/** Where everything goes unless config says otherwise. */
export const DEFAULT_REGION = "us-central1";

/** Machines of a Standard cluster unless config says otherwise. */
export const DEFAULT_MACHINE = "e2-standard-2";

/** https://docs.cloud.google.com/compute/docs/machine-resource; Arm nodes carry a taint that nothing here tolerates. */
const machineType = z
  .string()
  .regex(
    /^(?:e2-(?:small|medium)|(?!t2a-|c4a-|n4a-|a4x-)[a-z]\d[a-z]?-(?:(?:standard|highmem|highcpu|megamem|ultramem)-\d+(?:-lssd)?|custom-\d+-\d+(?:-ext)?|(?:high|ultra|mega|edge)gpu-\d+g))$/,
    say("an x86 machine type such as e2-standard-2, n2-custom-4-8192 or g2-standard-4"),
  );

const diskType = z.enum(DISK_TYPES);

const cidr = z.cidrv4(say("an IPv4 range such as 10.0.0.0/20"));

/** The machines of a Standard cluster. */
const nodes = z.strictObject({
  /** Machine type, x86. Default: "e2-standard-2". */
  machineType: machineType.default(DEFAULT_MACHINE),
  /** Nodes in each zone at least. Default: 1. */
  minNodes: z.int().min(1).max(1000).default(1),
  /** Nodes in each zone at most; as many as `minNodes` means no autoscaling. Default: 3. */
  maxNodes: z.int().min(1).max(1000).default(3),
  /** Spot machines: cheaper, and taken away at any time. Default: false. */
  spot: z.boolean().default(false),
  /** Boot disk of a node, in gigabytes. Default: 50. */
  diskGb: z.int().min(20).max(65536).default(50),
  /**
   * Kind of the boot disk; pd-balanced and pd-ssd count against the quota SSD_TOTAL_GB. Default: pd-balanced, or hyperdisk-balanced for
   * machines that boot from nothing else, e.g. n4-standard-2.
   */
  diskType: diskType.optional(),
});

/** Machines with GPUs, beside the others. */
const gpuPool = z.strictObject({
  /** The GPU. */
  type: z.enum(GPU_TYPES).meta({ examples: ["nvidia-l4"] }),
  /** GPUs of a machine: as many as `machineType` comes with. Default: 1. */
  count: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]).default(1),
  /** Machine type that carries the GPUs. Default: the smallest, e.g. g2-standard-4 for one nvidia-l4. */
  machineType: machineType.optional(),
  /** Nodes in each zone at least. Default: 0, a node comes when a service asks for a GPU. */
  minNodes: z.int().min(0).max(1000).default(0),
  /** Nodes in each zone at most. Default: 1. */
  maxNodes: z.int().min(1).max(1000).default(1),
  /** Spot machines: cheaper, and taken away at any time. Fewer than 8 nvidia-h100-80gb are to be had so only. Default: false. */
  spot: z.boolean().default(false),
  /** Boot disk of a node, in gigabytes. Default: 100. */
  diskGb: z.int().min(20).max(65536).default(100),
  /** Kind of the boot disk. Default: pd-balanced. */
  diskType: diskType.optional(),
});

/** Ranges that may not overlap. */
const network = z.strictObject({
  /** Nodes and internal balancers. Default: "10.0.0.0/20". */
  nodeRange: cidr.default("10.0.0.0/20"),
  /** Pods. Default: "10.4.0.0/14". */
  podRange: cidr.default("10.4.0.0/14"),
  /** Services. Default: "10.8.0.0/20". */
  serviceRange: cidr.default("10.8.0.0/20"),
});

const controlPlane = z.strictObject({
  /** `dns`: by its name, for whom IAM lets in, and no address of its own; `ip`: by a public address. Default: "dns". */
  endpoint: z.enum(["dns", "ip"]).default("dns"),
  /** Networks that may reach the public address, by a name, e.g. {office: 203.0.113.0/24}. Default: all. */
  authorizedNetworks: z
    .record(z.string().regex(/^[\w .-]{1,63}$/, say("a name of at most 63 characters")), cidr)
    .optional(),
});

export const REGISTRY_HOSTS = [
  "pkg.dev",
  "gcr.io",
  "us.gcr.io",
  "eu.gcr.io",
  "asia.gcr.io",
] as const;

const registry = z.strictObject({
  /** `pkg.dev`: a repository of the stack's own, in its region; else the project's one for that gcr.io name. Default: "pkg.dev". */
  host: z.enum(REGISTRY_HOSTS).default("pkg.dev"),
  /** Whether the project's gcr.io repository is made, and taken away with all its images; false where there is one. Default: true. */
  create: z.boolean().default(true),
  /** Images of a service that stay however old they are. Default: 10. */
  keepCount: z.int().min(1).max(1000).default(10),
  /** Days after which the others go. Default: 30. */
  deleteAfterDays: z.int().min(1).max(3650).default(30),
});

/** Target gke: Google Kubernetes Engine. */
export const gke = z.strictObject({
  /** Google Cloud project that everything is made in. */
  project: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
      say("a project id: 6 to 30 lower-case letters, digits and dashes, a letter first"),
    )
    .meta({ examples: ["my-project-123"] }),
  /** Region of everything. Default: "us-central1". */
  region: z
    .string()
    .regex(/^[a-z]+-[a-z]+\d{1,2}$/, say("a region such as europe-west1"))
    .default(DEFAULT_REGION),
  /** `autopilot`: Google runs the nodes and bills what pods ask for; `standard`: nodes of one's own. Default: "autopilot". */
  mode: z.enum(["autopilot", "standard"]).default("autopilot"),
  /** Zones of a Standard cluster's nodes; one makes a zonal cluster, several a regional one. Default: the region's zone b. */
  zones: z
    .array(z.string().regex(/^[a-z]+-[a-z]+\d{1,2}-[a-z]$/, say("a zone such as europe-west1-b")))
    .min(1)
    .optional(),
  /** Nodes of a Standard cluster. Default: one to three e2-standard-2 in each zone. */
  nodes: nodes.prefault({}),
  /** Nodes with GPUs of a Standard cluster; Autopilot brings them when a service asks for one. Default: none. */
  gpuPool: gpuPool.optional(),
  /** How soon Google brings new versions of Kubernetes. Default: "REGULAR". */
  releaseChannel: z.enum(["RAPID", "REGULAR", "STABLE", "EXTENDED"]).default("REGULAR"),
  /**
   * Nodes without public addresses, which reach the internet through Cloud NAT. A change makes the cluster anew: lift
   * `deletionProtection` before it. Default: true.
   */
  privateNodes: z.boolean().default(true),
  /** Addresses of the stack's own network; they matter only where it is peered with another. Default: 10.0.0.0 to 10.8.15.255. */
  network: network.prefault({}),
  /** How Kubernetes' API is reached. Default: by its name, for whom IAM lets in. */
  controlPlane: controlPlane.prefault({}),
  /**
   * `exec`: kubeconfig that calls gke-gcloud-auth-plugin, with the application default credentials; `token`: one with a token that is
   * good for an hour, which each update renews, and `npm run down` too; plain `pulumi destroy` and `pulumi refresh` need
   * `--run-program` for that. Default: "exec".
   */
  kubeconfig: z.enum(["exec", "token"]).default("exec"),
  /** Where images go. Default: a repository of the stack's own in Artifact Registry. */
  registry: registry.prefault({}),
  /** Whether Pulumi and Google refuse to delete the cluster; set it to false and update before `down`. Default: true. */
  deletionProtection: z.boolean().default(true),
  /** Labels of everything that takes some, beside the stack's own. Default: none. */
  labels: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, say("lower-case letters, digits, _ and -")),
      z.string().regex(/^[a-z0-9_-]{0,63}$/, say("lower-case letters, digits, _ and -")),
    )
    .default({}),
  /** Name of the project's Cloud DNS zone in which services' hosts get their records. Default: none, records are yours to make. */
  dnsZone: z
    .string()
    .regex(/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/, say("a managed zone's name, such as example-com"))
    .optional(),
});

export type GkeConfig = z.infer<typeof gke>;
