/**
 * OpenShift's security context constraints (SCC), as cluster-kube-apiserver-operator writes them, in the order in which they are tried: by
 * priority, then the most restrictive first.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/authentication_and_authorization/managing-pod-security-policies#default-sccs_configuring-internal-oauth
 */
export interface Constraint {
  readonly name: string;
  readonly priority?: number;
  /** Anybody may use it; the others, who has the verb `use` on them. */
  readonly everybody?: true;
  readonly runAsUser: "MustRunAsRange" | "MustRunAsNonRoot" | "RunAsAny";
  readonly fsGroup: "MustRunAs" | "RunAsAny";
  readonly seLinux: "MustRunAs" | "RunAsAny";
  readonly drop: readonly string[];
  /** "*": all. */
  readonly mayAdd: readonly string[];
  readonly privilegeEscalation: boolean;
  /** None: a pod may not name one. */
  readonly seccomp: "none" | "runtime/default" | "*";
  readonly host: readonly ("network" | "ports" | "pid" | "ipc" | "privileged" | "path")[];
}

const V1 = {
  seLinux: "MustRunAs",
  mayAdd: [],
  privilegeEscalation: true,
  seccomp: "none",
  host: [],
} as const;

const V2 = {
  seLinux: "MustRunAs",
  drop: ["ALL"],
  mayAdd: ["NET_BIND_SERVICE"],
  privilegeEscalation: false,
  seccomp: "runtime/default",
  host: [],
} as const;

const V1_DROP = ["KILL", "MKNOD", "SETUID", "SETGID"];
const RANGE = { runAsUser: "MustRunAsRange", fsGroup: "MustRunAs" } as const;
const NON_ROOT = { runAsUser: "MustRunAsNonRoot", fsGroup: "RunAsAny" } as const;
const ANY = { runAsUser: "RunAsAny", fsGroup: "RunAsAny" } as const;

export const CONSTRAINTS: readonly Constraint[] = [
  { ...V1, ...ANY, name: "anyuid", priority: 10, drop: ["MKNOD"] },
  { ...V2, ...RANGE, name: "restricted-v2", everybody: true },
  { ...V1, ...RANGE, name: "restricted", drop: V1_DROP },
  { ...V2, ...NON_ROOT, name: "nonroot-v2" },
  { ...V1, ...NON_ROOT, name: "nonroot", drop: V1_DROP },
  { ...V1, ...ANY, name: "hostmount-anyuid", drop: ["MKNOD"], host: ["path"] },
  { ...V2, ...RANGE, name: "hostnetwork-v2", host: ["network", "ports"] },
  { ...V1, ...RANGE, name: "hostnetwork", drop: V1_DROP, host: ["network", "ports"] },
  {
    ...V1,
    ...RANGE,
    name: "hostaccess",
    fsGroup: "MustRunAs",
    drop: V1_DROP,
    host: ["network", "ports", "pid", "ipc", "path"],
  },
  {
    ...ANY,
    name: "privileged",
    seLinux: "RunAsAny",
    drop: [],
    mayAdd: ["*"],
    privilegeEscalation: true,
    seccomp: "*",
    host: ["network", "ports", "pid", "ipc", "privileged", "path"],
  },
];
