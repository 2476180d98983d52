import { z } from "zod";
import { say } from "../values";

/** Regions with VPC clusters: https://cloud.ibm.com/docs/containers?topic=containers-regions-and-zones */
export const REGIONS = [
  "au-syd",
  "br-sao",
  "ca-mon",
  "ca-tor",
  "eu-de",
  "eu-es",
  "eu-gb",
  "jp-osa",
  "jp-tok",
  "us-east",
  "us-south",
] as const;
export type Region = (typeof REGIONS)[number];

/** Where everything goes unless config says otherwise. */
export const DEFAULT_REGION: Region = "us-south";

/**
 * Machines with GPUs that virtual worker nodes can be, by the GPU's name.
 * https://cloud.ibm.com/docs/containers?topic=containers-vpc-flavors
 */
export const GPU_FLAVORS = {
  "nvidia-l4": "gx3.16x80.l4",
  "nvidia-l40s": "gx3.24x120.l40s",
  "nvidia-v100": "gx2.8x64x1v100",
} as const;
export type GpuType = keyof typeof GPU_FLAVORS;
export const GPU_TYPES = [
  "nvidia-l4",
  "nvidia-l40s",
  "nvidia-v100",
] as const satisfies readonly GpuType[];

/** Family, cores, gigabytes, and what the machine has besides: bx2.4x16, cx2d.8x16, gx3.16x80.l4, b3c.4x16.encrypted. */
const flavor = z
  .string()
  .regex(
    /^[a-z][a-z0-9]*\.\d+x\d+(?:x\d+[a-z]\d+)?(?:\.[a-z0-9]+)*$/,
    say("a flavor such as bx2.4x16; `ibmcloud ks flavors --zone ZONE` lists them"),
  );

const cidr = z.cidrv4(say("an IPv4 range such as 172.30.0.0/16"));

const vlan = z
  .string()
  .regex(/^\d{5,9}$/, say("a VLAN's number; `ibmcloud ks vlan ls` lists them"));

/** Of a cluster on classic infrastructure. */
const classic = z.strictObject({
  /** Data centre, e.g. fra02. */
  datacenter: z
    .string()
    .regex(/^[a-z]{3}\d{2}$/, say("a data centre such as fra02"))
    .meta({ examples: ["fra02"] }),
  /** Public VLAN of the data centre; needed, with the private one, where the account has some there. Default: a new one. */
  publicVlanId: vlan.optional(),
  /** Private VLAN of the data centre. Default: a new one. */
  privateVlanId: vlan.optional(),
});

/** Workers with GPUs, beside the others. */
const gpuPool = z.strictObject({
  /** The GPU. */
  type: z.enum(GPU_TYPES).meta({ examples: ["nvidia-l4"] }),
  /** Flavor that has the GPU. Default: the smallest, e.g. gx3.16x80.l4 for nvidia-l4. */
  flavor: flavor.optional(),
  /** Workers in each zone. Default: 1. */
  workersPerZone: z.int().min(1).max(100).default(1),
});

/** A namespace as IBM Cloud Container Registry takes it. */
const namespace = z
  .string(say("a name that nobody else has in the region, e.g. acme-models"))
  .regex(
    /^(?=.{4,30}$)[a-z0-9][a-z0-9_-]*[a-z0-9]$/,
    say("4 to 30 lower-case letters, digits, dashes and underscores"),
  );

/** Keys of every cluster of IBM Cloud; the sections of Kubernetes Service and OpenShift take them in. */
export const ibmKeys = {
  /** Region of everything, the registry included. Default: "us-south". */
  region: z.enum(REGIONS).default(DEFAULT_REGION),
  /** Name of the resource group. Default: the account's default group. */
  resourceGroup: z
    .string()
    .regex(/^[\w .-]{1,40}$/, say("the name of a resource group"))
    .optional(),
  /**
   * `vpc`: a network of the stack's own; `classic`: for accounts that have a classic cluster in the region already, all others are
   * refused with E501e (https://cloud.ibm.com/docs/containers?topic=containers-classic-create-restriction). Default: "vpc".
   */
  infrastructure: z.enum(["vpc", "classic"]).default("vpc"),
  /** Zones of the workers, on a VPC, e.g. [eu-de-1, eu-de-2]. Default: the region's first. */
  zones: z
    .array(z.string().regex(/^[a-z]{2}-[a-z]+-[1-9]$/, say("a zone such as eu-de-1")))
    .min(1)
    .max(3)
    .optional(),
  /** What a cluster on classic infrastructure needs besides. Default: none, on a VPC. */
  classic: classic.optional(),
  /** Workers of each zone at most: with it, the cluster autoscaler add-on resizes the pool. Default: no autoscaling. */
  maxWorkersPerZone: z.int().min(1).max(1000).optional(),
  /** Operating system of the workers, e.g. UBUNTU_24_64 or RHCOS; counts when the cluster is made. Default: the version's. */
  operatingSystem: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{2,31}$/, say("an operating system such as UBUNTU_24_64"))
    .optional(),
  /**
   * Whether workers may call the internet, through a public gateway in each zone. Without it they reach IBM's own services only, its
   * registry included. https://cloud.ibm.com/docs/containers?topic=containers-sbd-allow-outbound. Default: false.
   */
  disableOutboundTrafficProtection: z.boolean().default(false),
  /** Load balancers of services on a VPC: `alb`, told by host name, in all zones; `nlb`, told by address, in one. Default: "alb". */
  loadBalancer: z.enum(["alb", "nlb"]).default("alb"),
  /** Addresses of the subnet of each zone; counts when the zone is made, for a subnet with workers in it can't be replaced. Default: 256. */
  subnetAddresses: z
    .union([z.literal(64), z.literal(128), z.literal(256), z.literal(512), z.literal(1024)])
    .default(256),
  /** Addresses of pods; matters where the VPC is connected to others. Default: the service's, 172.30.0.0/16 or near. */
  podSubnet: cidr.optional(),
  /** Addresses of services in the cluster. Default: the service's, 172.21.0.0/16. */
  serviceSubnet: cidr.optional(),
  /**
   * `admin`: the administrator's certificate, which lasts; `token`: the caller's own, good for an hour on Kubernetes, a day on OpenShift,
   * which each update renews, and `npm run down` too; plain `pulumi destroy` and `pulumi refresh` need `--run-program` for that.
   * Default: "admin".
   */
  kubeconfig: z.enum(["admin", "token"]).default("admin"),
  /**
   * Namespace of the stack's images in IBM Cloud Container Registry. No other account may have it in the region, so there is no default.
   * https://cloud.ibm.com/docs/Registry?topic=Registry-registry_setup_cli_namespace
   */
  registryNamespace: namespace.meta({ examples: ["acme-models"] }),
  /**
   * Other namespaces of the account that pods pull from, in any region: of mirrors and of images that were pushed there.
   * Default: none; IBM's own images in icr.io need none.
   */
  pullNamespaces: z.array(namespace).max(20).default([]),
  /** Whether the namespace is made, and taken away with all its images; false where there is one. Default: true. */
  createRegistryNamespace: z.boolean().default(true),
  /** Images of a service that are kept, the newest; only of a namespace that is made. Default: 20. */
  imagesPerRepository: z.int().min(1).max(10_000).default(20),
  /** Whether Pulumi refuses to delete the cluster; set it to false and update before `down`. Default: true. */
  deletionProtection: z.boolean().default(true),
};

/** A flavor as it may stand in config. */
export const flavorKey = flavor;

/** Workers with GPUs as they may stand in config. */
export const gpuPoolKey = gpuPool;

/** What both sections have, checked. */
export type IbmConfig = z.infer<z.ZodObject<typeof ibmKeys>> & {
  readonly flavor?: string | undefined;
  readonly workersPerZone: number;
  readonly kubeVersion?: string | undefined;
  readonly gpuPool?: z.infer<typeof gpuPool> | undefined;
};
