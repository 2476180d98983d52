/** Which kinds are waited for (provider/pkg/await/awaiters.go); all others are ready once accepted. */
import { annotations, isTrue } from "../annotations";
import { apiVersionOf, kindOf, type KubeObject } from "../object";
import type { Awaiter } from "./awaiter";
import { deploymentAwaiter } from "./deployment";
import { ingressAwaiter, serviceAwaiter } from "./network";
import { podAwaiter } from "./pod";
import {
  persistentVolumeAwaiter,
  persistentVolumeClaimAwaiter,
  resourceQuotaAwaiter,
  secretAwaiter,
} from "./storage";
import { waitForAwaiter } from "./wait-for";
import {
  daemonSetAwaiter,
  jobAwaiter,
  replicationControllerAwaiter,
  statefulSetAwaiter,
} from "./workloads";

const awaiters: Record<string, Awaiter> = {
  "apps/v1/DaemonSet": daemonSetAwaiter,
  "apps/v1/Deployment": deploymentAwaiter,
  "apps/v1/StatefulSet": statefulSetAwaiter,
  "batch/v1/Job": jobAwaiter,
  "networking.k8s.io/v1/Ingress": ingressAwaiter,
  "v1/PersistentVolume": persistentVolumeAwaiter,
  "v1/PersistentVolumeClaim": persistentVolumeClaimAwaiter,
  "v1/Pod": podAwaiter,
  "v1/ReplicationController": replicationControllerAwaiter,
  "v1/ResourceQuota": resourceQuotaAwaiter,
  "v1/Secret": secretAwaiter,
  "v1/Service": serviceAwaiter,
};

export const typeName = (object: KubeObject): string => `${apiVersionOf(object)}/${kindOf(object)}`;

/** `skipAwait` beats `waitFor` beats what the kind has. */
export function awaiterFor(inputs: KubeObject, live: KubeObject): Awaiter | undefined {
  if (isTrue(inputs, annotations.skipAwait)) return undefined;
  return waitForAwaiter(inputs) ?? awaiters[typeName(live)];
}

export function readAwaiterFor(inputs: KubeObject, live: KubeObject): Awaiter | undefined {
  if (isTrue(inputs, annotations.skipAwait)) return undefined;
  const awaiter = awaiters[typeName(live)];
  return awaiter?.judgesReads === true ? awaiter : undefined;
}
