/** The other workloads: StatefulSet, DaemonSet, Job, ReplicationController (provider/pkg/await). */
import { condition, get, getNumber, getString, type KubeObject } from "../object";
import { ready, waiting, type Awaiter, type View } from "./awaiter";
import { matchLabels } from "./labels";
import { podProblems, podsOwnedBy } from "./pod";

const pods = [{ apiVersion: "v1", kind: "Pod", query: matchLabels }];
const ownPods = ({ object, related }: View): KubeObject[] => podsOwnedBy(related("Pod"), object);
const problems = (view: View): string[] => ownPods(view).flatMap(podProblems);

const statusNumber = (object: KubeObject, field: string): number =>
  getNumber(object, "status", field) ?? 0;

/** statefulset.go, processStatefulSetEvent */
export const statefulSetAwaiter: Awaiter = {
  judgesReads: true,
  related: pods,
  pods: ownPods,
  evaluate(view) {
    const { object } = view;
    const wanted = getNumber(object, "spec", "replicas") ?? 1;
    const readyReplicas = statusNumber(object, "readyReplicas");
    const current = getString(object, "status", "currentRevision");
    const target = getString(object, "status", "updateRevision");
    const isManual =
      (getNumber(object, "metadata", "generation") ?? 0) > 1 &&
      getString(object, "spec", "updateStrategy", "type") === "OnDelete";
    const replicasReady =
      isObserved(object) &&
      wanted === statusNumber(object, "replicas") &&
      wanted === readyReplicas &&
      (isManual || wanted === statusNumber(object, "currentReplicas"));
    const revisionReady = isManual || (current !== "" && current === target);
    if (replicasReady && revisionReady) return ready;
    const count = `${String(readyReplicas)}/${String(wanted)} Pods ready`;
    const reasons = replicasReady
      ? [`the controller did not advance from revision "${current}" to "${target}"`]
      : [`${String(readyReplicas)} of ${String(wanted)} replicas became ready`];
    return waiting(`[1/2] Waiting for StatefulSet to create Pods (${count})`, [
      ...reasons,
      ...problems(view),
    ]);
  },
};

/** daemonset.go; the conditions are those of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus/status/core.go) */
export const daemonSetAwaiter: Awaiter = {
  judgesReads: true,
  related: pods,
  pods: ownPods,
  evaluate(view) {
    const { object } = view;
    const wanted = getNumber(object, "status", "desiredNumberScheduled");
    if (wanted === undefined || !isObserved(object))
      return waiting("Waiting for the DaemonSet controller");
    for (const [field, what] of [
      ["currentNumberScheduled", "scheduled"],
      ["updatedNumberScheduled", "updated"],
      ["numberAvailable", "available"],
      ["numberReady", "ready"],
    ] as const) {
      const count = statusNumber(object, field);
      if (count >= wanted) continue;
      const status = `Waiting for DaemonSet: ${String(count)}/${String(wanted)} Pods ${what}`;
      return waiting(status, [status, ...problems(view)]);
    }
    return ready;
  },
};

/** job.go: done is ready; a failed Job fails at once. */
export const jobAwaiter: Awaiter = {
  judgesReads: true,
  related: pods,
  pods: ownPods,
  evaluate(view) {
    const { object } = view;
    const failure = condition(object, "Failed");
    if (getString(failure, "status") === "True")
      return {
        ready: false,
        failed: true,
        reasons: [
          `[${getString(failure, "reason")}] ${getString(failure, "message")}`,
          ...problems(view),
        ],
      };
    if (get(object, "status", "startTime") === undefined)
      return waiting("Waiting for the Job to start", [
        "the Job has not started",
        ...problems(view),
      ]);
    if (getString(condition(object, "Complete"), "status") === "True") return ready;
    return waiting("Waiting for the Job to complete", [
      "the Job has not completed",
      ...problems(view),
    ]);
  },
};

/** awaiters.go, untilCoreV1ReplicationControllerInitialized */
export const replicationControllerAwaiter: Awaiter = {
  judgesReads: false,
  evaluate({ object }) {
    const wanted = getNumber(object, "spec", "replicas") ?? 1;
    const available = statusNumber(object, "availableReplicas");
    if (available === wanted) return ready;
    return waiting(`Waiting for replicas (${String(available)}/${String(wanted)} available)`);
  },
};

function isObserved(object: KubeObject): boolean {
  const observed = getNumber(object, "status", "observedGeneration");
  return observed !== undefined && observed === getNumber(object, "metadata", "generation");
}
