import type { Cloud } from "../cloud";
import type { Stored } from "../kind";
import { children, text, type Values } from "../values";
import { containerError, type Refusal } from "./errors";
import { CLASSIC_CLUSTER, RESOURCE_INSTANCE, SUBNET, VPC, VPC_CLUSTER } from "./tokens";
import { count } from "./values";

/** Clusters of the account, of both kinds of infrastructure. */
export const clusters = (cloud: Cloud): Stored[] => [
  ...cloud.store.list(VPC_CLUSTER),
  ...cloud.store.list(CLASSIC_CLUSTER),
];

/** By ID or name. */
export const findCluster = (cloud: Cloud, nameOrId: string): Stored | undefined =>
  clusters(cloud).find(({ id, inputs }) => id === nameOrId || inputs["name"] === nameOrId);

export const isOpenShift = (inputs: Values): boolean =>
  text(inputs, "kubeVersion").endsWith("_openshift");

/** https://github.com/IBM-Cloud/terraform-provider-ibm/issues/3656; the refusal of an invalid name is inferred from the documentation */
export function checkName(inputs: Values, cloud: Cloud): void {
  const name = text(inputs, "name");
  if (clusters(cloud).some((other) => other.inputs["name"] === name))
    throw containerError("cluster-taken", 409, {
      code: "E0007",
      description: "A cluster with the same name already exists. Choose another name.",
      type: "Provisioning",
    });
  if (!/^[a-z][a-z0-9.-]{0,30}[a-z0-9]$/.test(name))
    throw containerError("cluster-name", 400, {
      code: "E0003",
      description:
        "The cluster name is not valid. It must start with a letter, can contain letters, numbers, periods (.), and hyphen (-), and must be 35 characters or fewer.",
      type: "BadRequest",
    });
}

/**
 * Closed to accounts without a classic cluster in the region; the condition `classic-open` makes this one of the others.
 * https://cloud.ibm.com/docs/containers?topic=containers-classic-create-restriction
 */
export function checkClassicIsOpen(cloud: Cloud): void {
  if (cloud.faults.holds("classic-open")) return;
  throw containerError("classic-closed", 403, {
    code: "E501e",
    description:
      "Classic cluster creation is not supported in regions that do not have existing classic clusters.",
    type: "Provisioning",
  });
}

/** A VPC's subnets, each in its zone; codes and texts are inferred. */
export function checkZones(inputs: Values, cloud: Cloud): void {
  const network = text(inputs, "vpcId");
  if (cloud.store.find(VPC, network) === undefined)
    throw containerError("cluster-without-vpc", 404, {
      code: "E0a7b",
      description: `The specified VPC could not be found: ${network}.`,
      type: "BadRequest",
    });
  for (const zone of children(inputs, "zones")) {
    const subnet = cloud.store.find(SUBNET, text(zone, "subnetId"));
    if (subnet?.outputs["vpc"] === network && subnet.outputs["zone"] === zone["name"]) continue;
    throw containerError("cluster-without-subnet", 400, {
      code: "E0a7c",
      description: `The specified subnet could not be found in zone ${text(zone, "name")}: ${text(zone, "subnetId")}.`,
      type: "BadRequest",
    });
  }
}

/** Workers that a cluster has at least: https://cloud.ibm.com/docs/openshift?topic=openshift-faqs */
export const leastWorkers = (inputs: Values): number => (isOpenShift(inputs) ? 2 : 1);

/**
 * Workers of the default pool in all zones. That an OpenShift cluster with fewer than two is not made:
 * https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/resources/container_vpc_cluster (worker_count)
 */
export function checkWorkers(inputs: Values, workers: number): void {
  const least = leastWorkers(inputs);
  if (workers < least) throw tooFewWorkers(least);
}

/** https://github.com/IBM-Cloud/terraform-provider-ibm/issues/5598 */
export const tooFewWorkers = (least: number): Refusal =>
  containerError("too-few-workers", 400, {
    code: "E1437",
    description: `The action cannot be completed because it would reduce the worker pool's size below the cluster's minimum requirement of ${least} workers. If there are any worker operations pending, you might need wait for them to complete.`,
    type: "BadRequest",
  });

/**
 * OpenShift's registry needs one, on a VPC: https://cloud.ibm.com/docs/openshift?topic=openshift-cluster-create-vpc-gen2.
 * That its absence is told: https://github.com/IBM-Cloud/terraform-provider-ibm/issues/1543, …/3139; code and text are inferred.
 */
export function checkObjectStorage(inputs: Values, cloud: Cloud): void {
  if (!isOpenShift(inputs)) return;
  const instance = text(inputs, "cosInstanceCrn");
  if (cloud.store.find(RESOURCE_INSTANCE, instance) !== undefined) return;
  throw containerError("object-storage", 400, {
    code: "E9a21",
    description:
      instance === ""
        ? "A Cloud Object Storage instance is required to create a VPC Gen 2 OpenShift cluster. Specify the CRN of an existing instance."
        : "The specified Cloud Object Storage instance could not be found. Make sure that the instance exists and that you have access to it.",
    type: "BadRequest",
  });
}

export const workersPerZone = (inputs: Values): number => count(inputs, "workerCount", 1);
