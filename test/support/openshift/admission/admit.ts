import { CONSTRAINTS, type Constraint } from "./constraints";
import type { Container, Pod, PodSecurityContext, PodSpec, SecurityContext } from "./pod";
import type { NamespaceRanges } from "./ranges";

export type Admitted =
  { readonly pod: Pod; readonly constraint: string } | { readonly refusals: readonly string[] };

/**
 * The pod as the first constraint that fits it makes it: openshift/apiserver-library-go, pkg/securitycontextconstraints/sccadmission.
 * @param usable whether the pod's account, or who makes it, may use a constraint
 * @param fixed the pod may not be changed any more: it must be as the constraint would make it
 */
export async function admit(
  pod: Pod,
  ranges: NamespaceRanges,
  usable: (constraint: Constraint) => Promise<boolean>,
  { fixed = false }: { fixed?: boolean } = {},
): Promise<Admitted> {
  const refusals: string[] = [];
  for (const constraint of CONSTRAINTS) {
    const { name } = constraint;
    if (constraint.everybody !== true && !(await usable(constraint))) {
      refusals.push(`provider "${name}": Forbidden: not usable by user or serviceaccount`);
      continue;
    }
    const spec = assign(pod.spec, constraint, ranges);
    const faults = check(spec, constraint, ranges);
    if (faults.length > 0) refusals.push(...faults);
    else if (!fixed || same(spec, pod.spec)) {
      const annotations = { ...pod.metadata.annotations, "openshift.io/scc": name };
      return {
        pod: { ...pod, metadata: { ...pod.metadata, annotations }, spec },
        constraint: name,
      };
    }
  }
  return { refusals };
}

/** What a pod leaves open: sccmatching/provider.go, mutatePod and mutateContainer. */
function assign(spec: PodSpec, constraint: Constraint, ranges: NamespaceRanges): PodSpec {
  const { fsGroup, seLinux, seccomp } = constraint;
  const named = [...(spec.initContainers ?? []), ...spec.containers].some(
    ({ securityContext }) => securityContext?.seccompProfile !== undefined,
  );
  const securityContext: PodSecurityContext = {
    ...(fsGroup === "MustRunAs" ? { fsGroup: ranges.groups.first } : {}),
    ...(seLinux === "MustRunAs" ? { seLinuxOptions: { level: ranges.level } } : {}),
    ...(seccomp === "runtime/default" && !named
      ? { seccompProfile: { type: "RuntimeDefault" } }
      : {}),
    ...spec.securityContext,
  };
  const container = (one: Container) => assignContainer(one, securityContext, constraint, ranges);
  return {
    ...spec,
    securityContext,
    ...(spec.initContainers === undefined
      ? {}
      : { initContainers: spec.initContainers.map(container) }),
    containers: spec.containers.map(container),
  };
}

function assignContainer(
  container: Container,
  pod: PodSecurityContext,
  { runAsUser, drop, privilegeEscalation }: Constraint,
  ranges: NamespaceRanges,
): Container {
  const own = container.securityContext ?? {};
  const given = own.runAsUser ?? pod.runAsUser;
  const user = given ?? (runAsUser === "MustRunAsRange" ? ranges.users.first : undefined);
  const nonRoot = user === undefined ? runAsUser === "MustRunAsNonRoot" : user > 0;
  const dropped = new Set([...(own.capabilities?.drop ?? []), ...drop]);
  const securityContext: SecurityContext = {
    ...(given === undefined && user !== undefined ? { runAsUser: user } : {}),
    ...(nonRoot && pod.runAsNonRoot === undefined ? { runAsNonRoot: true } : {}),
    ...(privilegeEscalation ? {} : { allowPrivilegeEscalation: false }),
    ...own,
    ...(dropped.size === 0 ? {} : { capabilities: { ...own.capabilities, drop: [...dropped] } }),
  };
  return Object.keys(securityContext).length === 0 ? container : { ...container, securityContext };
}

/** What may not be, in the words of the API server. */
function check(spec: PodSpec, constraint: Constraint, ranges: NamespaceRanges): string[] {
  const { name, host, fsGroup } = constraint;
  const faults: string[] = [];
  const refuse = (path: string, value: string, why: string) =>
    faults.push(`provider ${name}: .${path}: Invalid value: ${value}: ${why}`);
  const group = spec.securityContext?.fsGroup;
  if (fsGroup === "MustRunAs" && group !== undefined && !within(group, ranges.groups))
    refuse("spec.securityContext.fsGroup", `[]int64{${group}}`, `${group} is not an allowed group`);
  for (const [field, key, what] of HOST)
    if (spec[field] === true && !host.includes(key))
      refuse(`spec.securityContext.${field}`, "true", `Host ${what} is not allowed to be used`);
  const profiles = [spec, ...(spec.initContainers ?? []), ...spec.containers].flatMap(
    ({ securityContext }) => securityContext?.seccompProfile?.type ?? [],
  );
  for (const profile of new Set(profiles)) {
    if (constraint.seccomp === "none")
      faults.push(
        "pod.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: Forbidden: seccomp may not be set",
      );
    else if (constraint.seccomp === "runtime/default" && profile !== "RuntimeDefault")
      faults.push(
        `pod.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: Forbidden: ${profile.toLowerCase()} is not an allowed seccomp profile. Valid values are [runtime/default]`,
      );
  }
  spec.volumes?.forEach((volume, index) => {
    const kind = Object.keys(volume).find((key) => key !== "name") ?? "emptyDir";
    if (
      !VOLUMES.has(kind) &&
      !(host.includes("path") && kind === "hostPath") &&
      name !== "privileged"
    )
      faults.push(
        `spec.volumes[${index}]: Invalid value: "${kind}": ${kind} volumes are not allowed to be used`,
      );
  });
  for (const list of ["initContainers", "containers"] as const)
    spec[list]?.forEach((container, index) =>
      checkContainer(container, spec.securityContext ?? {}, constraint, ranges, (field, ...rest) =>
        refuse(`${list}[${index}].${field}`, ...rest),
      ),
    );
  return faults;
}

const HOST = [
  ["hostNetwork", "network", "network"],
  ["hostPID", "pid", "PID"],
  ["hostIPC", "ipc", "IPC"],
] as const;

/** All constraints but `privileged` allow these. */
const VOLUMES = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

function checkContainer(
  { securityContext: own = {}, ports = [] }: Container,
  pod: PodSecurityContext,
  { runAsUser, host, mayAdd, privilegeEscalation }: Constraint,
  { users }: NamespaceRanges,
  refuse: (field: string, value: string, why: string) => void,
): void {
  const user = own.runAsUser ?? pod.runAsUser;
  if (runAsUser === "MustRunAsRange" && user !== undefined && !within(user, users))
    refuse("runAsUser", `${user}`, `must be in the ranges: [${users.first}, ${users.last}]`);
  if (runAsUser === "MustRunAsNonRoot" && user === 0)
    refuse("runAsUser", "0", "running with the root UID is forbidden");
  if (own.privileged === true && !host.includes("privileged"))
    refuse("privileged", "true", "Privileged containers are not allowed");
  if (own.allowPrivilegeEscalation === true && !privilegeEscalation)
    refuse(
      "allowPrivilegeEscalation",
      "true",
      "Allowing privilege escalation for containers is not allowed",
    );
  for (const capability of own.capabilities?.add ?? [])
    if (!mayAdd.includes("*") && !mayAdd.includes(capability))
      refuse("capabilities.add", `"${capability}"`, "capability may not be added");
  for (const { hostPort = 0 } of ports)
    if (hostPort !== 0 && !host.includes("ports"))
      refuse("hostPort", `${hostPort}`, "Host ports are not allowed to be used");
}

const within = (id: number, { first, last }: { first: number; last: number }) =>
  id >= first && id <= last;

/** Whatever the order of their keys. */
const same = (a: PodSpec, b: PodSpec) => canonical(a) === canonical(b);

const canonical = (value: object): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  );
