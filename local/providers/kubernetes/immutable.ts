/** Fields the API server refuses to change: a new value means a new object (provider/pkg/provider/diff.go). */
import { apiVersionOf, get, kindOf, type KubeObject } from "./object";

export interface Mutability {
  enableConfigMapMutable: boolean;
  enableSecretMutable: boolean;
}

const labelSelector = [
  ".spec.selector",
  ".spec.selector.matchExpressions",
  ".spec.selector.matchExpressions.key",
  ".spec.selector.matchExpressions.operator",
  ".spec.selector.matchExpressions.values",
  ".spec.selector.matchLabels",
];

const statefulSet = [
  ".spec.podManagementPolicy",
  ".spec.revisionHistoryLimit",
  ".spec.serviceName",
  ".spec.volumeClaimTemplates",
  ...labelSelector,
];

const job = [".spec.completions", ".spec.parallelism", ".spec.template", ...labelSelector];

const spec = (...fields: string[]) => fields.map((field) => `.spec.${field}`);

const containerFields = [
  ...["args", "command", "env", "env.value", "image", "imagePullPolicy", "lifecycle"],
  ...["livenessProbe", "ports", "readinessProbe", "resources", "securityContext", "stdin"],
  ...["stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices"],
  ...["volumeMounts", "workingDir"],
];

const forceNew: Record<string, string[]> = {
  "apps/v1/DaemonSet": labelSelector,
  "apps/v1/Deployment": labelSelector,
  "apps/v1/StatefulSet": statefulSet,
  "batch/v1/Job": job,
  "policy/v1beta1/PodDisruptionBudget": [".spec"],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": [".roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": [".roleRef"],
  "storage.k8s.io/v1/StorageClass": [".parameters", ".provisioner"],
  "v1/PersistentVolume": spec(
    ...["awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc"],
    ...["flexVolume", "flocker", "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local"],
    ...["nfs", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos"],
    "vsphereVolume",
  ),
  "v1/PersistentVolumeClaim": [
    ...spec("accessModes", "storageClassName", "volumeName"),
    ...labelSelector,
  ],
  "v1/Pod": [
    ...spec(
      ...["affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy"],
      ...["enableServiceLinks", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostname"],
      ...["imagePullSecrets", "nodeName", "nodeSelector", "overhead", "preemptionPolicy"],
      ...["priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName"],
      ...["schedulerName", "securityContext", "serviceAccount", "serviceAccountName"],
      ...["shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "volumes"],
    ),
    ...["containers", "initContainers"].flatMap((list) =>
      containerFields.map((field) => `.spec.${list}[*].${field}`),
    ),
  ],
  "v1/ResourceQuota": [".spec.scopes"],
  "v1/Secret": [".type"],
  "v1/Service": [".spec.clusterIP"],
};

const identity = [".metadata.name", ".metadata.namespace"];

/** Patch resources may change anything but whom they patch. */
export const patchForceNew = identity;

export function forceNewPaths(object: KubeObject, mutability: Mutability): string[] {
  const type = `${apiVersionOf(object)}/${kindOf(object)}`;
  const isImmutable = get(object, "immutable") === true;
  if (type === "v1/Secret" && (!mutability.enableSecretMutable || isImmutable))
    return [...identity, ".type", ".stringData", ".data"];
  if (type === "v1/ConfigMap" && (!mutability.enableConfigMapMutable || isImmutable))
    return [...identity, ".binaryData", ".data"];
  return [...identity, ...(forceNew[type] ?? [])];
}
