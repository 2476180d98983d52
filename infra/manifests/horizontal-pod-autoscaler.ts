import type { types } from "@pulumi/kubernetes";
import { labels, type ServiceIdentity } from "./labels";

export interface HorizontalPodAutoscalerArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** In percent of the CPU that pods ask for. Default: 70 without a metric, else not looked at. */
  readonly cpuPercent?: number | undefined;
  /** Of the pods, by the custom metrics API. Default: none. */
  readonly metric?: { readonly name: string; readonly averageValue: string } | undefined;
}

/** Room for what comes while new pods start. */
export const DEFAULT_CPU_PERCENT = 70;

/** Follows whatever asks for the most pods. Updates of its Deployment must leave how many there are. */
export function horizontalPodAutoscaler(
  args: HorizontalPodAutoscalerArgs,
): types.input.autoscaling.v2.HorizontalPodAutoscaler {
  const { identity, namespace, metric } = args;
  const cpuPercent = args.cpuPercent ?? (metric === undefined ? DEFAULT_CPU_PERCENT : undefined);
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: identity.service, namespace, labels: labels(identity) },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: identity.service },
      minReplicas: args.minReplicas,
      maxReplicas: args.maxReplicas,
      metrics: [
        ...(cpuPercent === undefined ? [] : [cpuMetric(cpuPercent)]),
        ...(metric === undefined ? [] : [podsMetric(metric)]),
      ],
    },
  };
}

const cpuMetric = (averageUtilization: number) => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});

const podsMetric = ({ name, averageValue }: { name: string; averageValue: string }) => ({
  type: "Pods",
  pods: { metric: { name }, target: { type: "AverageValue", averageValue } },
});
