/** apps/v1/Deployment (provider/pkg/await/deployment.go). */
import {
  annotation,
  condition,
  get,
  getList,
  getNumber,
  getString,
  isOwnedBy,
  nameOf,
  type KubeObject,
} from "../object";
import { matchLabels } from "./labels";
import { ready, type Awaiter, type Verdict, type View } from "./awaiter";
import { podProblems, podsOwnedBy } from "./pod";

const revisionKey = "deployment.kubernetes.io/revision";

export const deploymentAwaiter: Awaiter = {
  judgesReads: true,
  related: [
    { apiVersion: "apps/v1", kind: "ReplicaSet", query: matchLabels },
    { apiVersion: "v1", kind: "Pod", query: matchLabels },
    { apiVersion: "v1", kind: "PersistentVolumeClaim" },
  ],
  pods: (view) => podsOwnedBy(view.related("Pod"), currentReplicaSet(view)),
  evaluate(view) {
    const { object } = view;
    if (
      getNumber(object, "status", "observedGeneration") !==
      getNumber(object, "metadata", "generation")
    )
      return notReady(view, "Waiting for the Deployment controller");
    const replicaSet = currentReplicaSet(view);
    const wanted = getNumber(replicaSet, "spec", "replicas") ?? 1;
    const available = getNumber(replicaSet, "status", "readyReplicas") ?? 0;
    const podsReady = replicaSet !== undefined && available >= wanted;
    const isFirst = annotation(object, revisionKey) === "1";
    if (
      isAvailable(object) &&
      podsReady &&
      (isFirst || hasRolledOut(object)) &&
      unboundClaims(view).length === 0
    )
      return ready;
    return notReady(
      view,
      `[1/2] Waiting for app ReplicaSet to be available (${String(available)}/${String(wanted)} Pods available)`,
    );
  },
};

function currentReplicaSet({ object, related }: View): KubeObject | undefined {
  const revision = annotation(object, revisionKey);
  if (revision === "") return undefined;
  return related("ReplicaSet").find(
    (replicaSet) =>
      isOwnedBy(replicaSet, object) && annotation(replicaSet, revisionKey) === revision,
  );
}

function isAvailable(deployment: KubeObject): boolean {
  return getString(condition(deployment, "Available"), "status") === "True";
}

function hasRolledOut(deployment: KubeObject): boolean {
  const progressing = condition(deployment, "Progressing");
  return (
    getString(progressing, "status") === "True" &&
    getString(progressing, "reason") === "NewReplicaSetAvailable"
  );
}

function unboundClaims({ object, related }: View): string[] {
  const names = getList(object, "spec", "template", "spec", "volumes").map((volume) =>
    getString(volume, "persistentVolumeClaim", "claimName"),
  );
  return related("PersistentVolumeClaim")
    .filter((claim) => names.includes(nameOf(claim)))
    .filter((claim) => get(claim, "status", "phase") !== "Bound")
    .map(nameOf);
}

function notReady(view: View, status: string): Verdict {
  const { object, related } = view;
  const reasons: string[] = [];
  for (const type of ["Progressing", "Available"]) {
    const found = condition(object, type);
    if (getString(found, "status") === "False")
      reasons.push(`[${getString(found, "reason")}] ${getString(found, "message")}`);
  }
  const claims = unboundClaims(view);
  if (claims.length > 0) reasons.push(`PersistentVolumeClaims not bound: ${claims.join(", ")}`);
  reasons.push(
    isAvailable(object)
      ? "the new ReplicaSet's pods did not become ready"
      : "the minimum number of pods did not become available",
  );
  const problems = podsOwnedBy(related("Pod"), currentReplicaSet(view)).flatMap(podProblems);
  return { ready: false, status, reasons: [...reasons, ...problems] };
}
