/** What the stack's things on IBM Cloud are called; nothing here asks or makes anything. */
import type { IbmConfig, Region } from "../../config/targets/ibm";
import { physicalName } from "../../naming";

/** Of what there is one of: VPC. */
export const baseName = (stack: string) => physicalName(["modelport", stack]);

/** Of whatever takes tags. */
export const stackTag = (stack: string) => `modelport-stack:${physicalName([stack])}`;

/** Cluster names are shorter than others': https://cloud.ibm.com/docs/containers?topic=containers-cluster-create-vpc-gen2 */
const MAX_CLUSTER_NAME_LENGTH = 32;

export const clusterName = (stack: string) =>
  physicalName(["modelport", stack], MAX_CLUSTER_NAME_LENGTH);

/** Of the pool that a cluster is made with, which can't go without it. */
export const DEFAULT_POOL = "default";

/** Of a zone's subnet and public gateway. */
export const zoneName = (stack: string, zone: string) => physicalName(["modelport", stack, zone]);

/** Of the service ID that pulls images, and its key. */
export const pullAccount = (stack: string) => physicalName(["modelport", stack, "pull"]);

/** Of the service ID, its policies and its key. They are the account's, where another region may have a stack of that name; within one, the cluster's name tells stacks apart. */
export const pullDescription = (stack: string, region: Region) =>
  `Pulls the images of modelport's stack ${stack} in ${region}`;

/** Of the Cloud Object Storage of OpenShift's own registry, which is the account's likewise. */
export const storageName = (stack: string, region: Region) =>
  `${baseName(stack)}-${region}-registry`;

/** The workers' zones. */
export const zonesOf = ({ zones, region }: IbmConfig): readonly string[] =>
  zones ?? [`${region}-1`];

/** The registry's host for a region: https://cloud.ibm.com/docs/Registry?topic=Registry-registry_overview#registry_regions */
export const REGISTRY_HOSTS: Readonly<Record<Region, string>> = {
  "au-syd": "au.icr.io",
  "br-sao": "br.icr.io",
  "ca-mon": "ca2.icr.io",
  "ca-tor": "ca.icr.io",
  "eu-de": "de.icr.io",
  "eu-es": "es.icr.io",
  "eu-gb": "uk.icr.io",
  "jp-osa": "jp2.icr.io",
  "jp-tok": "jp.icr.io",
  "us-east": "us.icr.io",
  "us-south": "us.icr.io",
};

/** Variables that IBM Cloud's provider reads: https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs */
export const API_KEY_VARIABLES = ["IC_API_KEY", "IBMCLOUD_API_KEY"] as const;
