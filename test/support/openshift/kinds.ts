/** Kubernetes' and OpenShift's objects, as far as the stand-ins read and write them. */

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Stored {
  readonly metadata: Metadata;
}

/** https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/network_apis/route-route-openshift-io-v1 */
export interface Route extends Stored {
  readonly spec: {
    readonly host?: string;
    readonly to: { readonly name: string };
    readonly port?: { readonly targetPort: string | number };
    readonly tls?: RouteTls;
  };
  readonly status?: { readonly ingress?: readonly RouteIngress[] };
}

export interface RouteTls {
  readonly insecureEdgeTerminationPolicy?: "None" | "Allow" | "Redirect" | "";
  readonly certificate?: string;
  readonly key?: string;
  readonly caCertificate?: string;
}

export interface RouteIngress {
  readonly host: string;
  readonly routerName: string;
  readonly routerCanonicalHostname: string;
  readonly wildcardPolicy: "None";
  readonly conditions: readonly RouteCondition[];
}

export interface RouteCondition {
  readonly type: "Admitted";
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/ */
export interface EndpointSlice extends Stored {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions?: { readonly ready?: boolean };
      }[]
    | null;
}

export interface ImageStream extends Stored {
  readonly status?: {
    readonly dockerImageRepository?: string;
    readonly tags?: readonly ImageStreamTag[];
  };
}

export interface ImageStreamTag {
  readonly tag: string;
  readonly items: readonly {
    readonly created: string;
    readonly dockerImageReference: string;
    readonly image: string;
    readonly generation: number;
  }[];
}

/** https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/workloads_apis/build-build-openshift-io-v1 */
export interface Build extends Stored {
  readonly spec: BuildSpec;
  readonly status?: BuildStatus;
}

export interface BuildSpec {
  readonly serviceAccount?: string;
  /** Of its pod, from its start. */
  readonly completionDeadlineSeconds?: number;
  readonly source: {
    readonly git: { readonly uri: string; readonly ref?: string };
    readonly contextDir?: string;
    readonly sourceSecret?: { readonly name: string };
  };
  readonly strategy: {
    readonly dockerStrategy?: {
      readonly dockerfilePath?: string;
      readonly pullSecret?: { readonly name: string };
    };
    readonly sourceStrategy?: {
      readonly from: { readonly kind: string; readonly name: string };
      readonly pullSecret?: { readonly name: string };
    };
  };
  readonly output: { readonly to: { readonly kind: string; readonly name: string } };
}

export type BuildPhase =
  "New" | "Pending" | "Running" | "Complete" | "Failed" | "Error" | "Cancelled";

export interface BuildStatus {
  readonly phase?: BuildPhase;
  readonly reason?: string;
  readonly message?: string;
  /** Set by users: the build shall end. */
  readonly cancelled?: boolean;
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
  /** Nanoseconds. */
  readonly duration?: number;
  readonly outputDockerImageReference?: string;
  readonly output?: { readonly to?: { readonly imageDigest?: string } };
  readonly logSnippet?: string;
}

export interface Secret extends Stored {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface ServiceAccount extends Stored {
  readonly secrets?: readonly { readonly name: string }[];
  readonly imagePullSecrets?: readonly { readonly name: string }[];
}

/** Name of the registry that every OpenShift has. */
export const INTERNAL_REGISTRY = "image-registry.openshift-image-registry.svc:5000";

/**
 * Namespaces in which neither constraints nor webhooks of ours apply.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/building_applications/projects ("highly privileged")
 */
export const PRIVILEGED_NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];

export const keyOf = ({ metadata }: Stored): string =>
  `${metadata.namespace ?? ""}/${metadata.name}`;
