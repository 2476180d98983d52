import type { types } from "@pulumi/kubernetes";
import { stackLabels } from "./labels";

export interface NamespaceArgs {
  readonly name: string;
  readonly stack: string;
  /** Pod Security level that the API server enforces. Default: "restricted". */
  readonly podSecurity?: "restricted" | "baseline" | "privileged";
}

export function namespace(args: NamespaceArgs): types.input.core.v1.Namespace {
  const level = args.podSecurity ?? "restricted";
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: args.name,
      labels: {
        ...stackLabels(args.stack),
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/audit": level,
        "pod-security.kubernetes.io/warn": level,
      },
    },
  };
}
