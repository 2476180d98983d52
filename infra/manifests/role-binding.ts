import type { types } from "@pulumi/kubernetes";
import { stackLabels } from "./labels";

export interface ImagePullersArgs {
  /** Whose images are pulled. */
  readonly namespace: string;
  /** Whose pods pull them. */
  readonly pullers: string;
  readonly stack: string;
}

/**
 * OpenShift: lets the pods of one namespace pull another's images from the cluster's own registry.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/images/managing-images#images-allow-pods-to-reference-images-across-projects_using-image-pull-secrets
 */
export function imagePullers(args: ImagePullersArgs): types.input.rbac.v1.RoleBinding {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: {
      name: args.pullers,
      namespace: args.namespace,
      labels: stackLabels(args.stack),
    },
    roleRef: {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: "system:image-puller",
    },
    subjects: [
      {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "Group",
        name: `system:serviceaccounts:${args.pullers}`,
      },
    ],
  };
}
