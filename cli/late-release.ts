/**
 * What clouds say of a thing that can't be deleted yet, because what used it isn't quite gone: minutes later it can. Words of Google's and
 * IBM's APIs as Terraform's providers, and so Pulumi's, hand them on.
 */
const RELEASED_LATE: readonly RegExp[] = [
  // Networks, subnetworks, addresses: https://github.com/hashicorp/terraform-provider-google/issues/5948
  /resourceInUse|is already being used by|RESOURCE_IN_USE_BY_ANOTHER_RESOURCE/i,
  // https://docs.cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-availability
  /resourceNotReady|RESOURCE_NOT_READY/i,
  // A cluster that is being changed: https://github.com/hashicorp/terraform-provider-google/issues/2022
  /incompatible operation|CLUSTER_ALREADY_HAS_OPERATION/i,
  // Two at once at a project's policy: https://docs.cloud.google.com/iam/docs/retry-strategy
  /concurrent policy changes/i,
  // Subnets, security groups, gateways and VPCs: https://github.com/IBM-Cloud/terraform-provider-ibm/issues/2779
  /\bin use\b|[a-z]_in_use\b/i,
  /(?:is|are) (?:still )?(?:being|currently) deleted|is in a? ?deleting|deletion is in progress|delete_pending/i,
  /\b(?:error|status|code)\W{0,3}409\b|\b409 conflict\b/i,
];

/** Also a 409, of Pulumi's own: somebody else is at work. https://www.pulumi.com/docs/support/troubleshooting/common-issues/update-conflicts/ */
const TAKEN = /another update is (?:currently )?in progress|stack is currently locked/i;

/** The engine's last word after what it said before. */
const SUMMARY = /^\s*(?:update|destroy) failed\s*$/i;

/** Whether trying again later helps: only if that is so of everything that went wrong. @param errors each as the engine told it */
export function isReleasedLate(errors: readonly string[]): boolean {
  const causes = errors.filter((text) => text.trim() !== "" && !SUMMARY.test(text));
  return (
    causes.length > 0 &&
    causes.every((text) => !TAKEN.test(text) && RELEASED_LATE.some((words) => words.test(text)))
  );
}

/** No new login to the cluster was to be had: as from IBM Cloud, of a cluster that is gone. */
export const isLoginRefused = (errors: readonly string[]) =>
  errors.some((text) => /getContainerClusterConfig|downloading the cluster config/i.test(text));

/** The cluster doesn't answer; Pulumi's Kubernetes provider in its own words. */
export const isUnreachable = (errors: readonly string[]) =>
  errors.some((text) => /cluster is unreachable|PULUMI_K8S_DELETE_UNREACHABLE/i.test(text));
