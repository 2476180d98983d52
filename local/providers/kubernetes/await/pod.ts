/** core/v1/Pod, and what a pod says of its troubles (await/checker/pod/check.go, states/pod.go). */
import type { Plain } from "../../rpc/properties";
import type { KubeClient } from "../client";
import {
  condition,
  get,
  getList,
  getNumber,
  getString,
  isOwnedBy,
  nameOf,
  namespaceOf,
  type KubeObject,
} from "../object";
import { ready, waiting, type Awaiter } from "./awaiter";

export const podAwaiter: Awaiter = {
  judgesReads: true,
  pods: ({ object }) => [object],
  evaluate({ object }) {
    if (isPodReady(object)) return ready;
    const step = isTrue(object, "PodScheduled")
      ? isTrue(object, "Initialized")
        ? "to be ready"
        : "to be initialized"
      : "to be scheduled";
    const problems = podProblems(object);
    const status = `Waiting for Pod ${nameOf(object)} ${step}`;
    return waiting(status, problems.length > 0 ? problems : [status]);
  },
};

function isPodReady(pod: KubeObject): boolean {
  const phase = getString(pod, "status", "phase");
  if (!isTrue(pod, "PodScheduled") || !isTrue(pod, "Initialized")) return false;
  return phase === "Succeeded" || (isTrue(pod, "Ready") && phase === "Running");
}

function isTrue(object: KubeObject, type: string): boolean {
  return getString(condition(object, type), "status") === "True";
}

/** Empty while nothing is wrong: a pod that is still starting has no problem. */
export function podProblems(pod: KubeObject): string[] {
  if (getString(pod, "status", "phase") === "Succeeded" || isTrue(pod, "Ready")) return [];
  const problems: string[] = [];
  const scheduled = condition(pod, "PodScheduled");
  if (getString(scheduled, "status") === "False" && getString(scheduled, "message") !== "")
    problems.push(`[${getString(scheduled, "reason")}] ${getString(scheduled, "message")}`);
  for (const container of containerStatuses(pod)) problems.push(...containerProblems(container));
  const readiness = getString(condition(pod, "Ready"), "message");
  if (problems.length === 0 && readiness !== "") problems.push(readiness);
  return problems.map((problem) => `[Pod ${namespaceOf(pod)}/${nameOf(pod)}]: ${problem}`);
}

export function podsOwnedBy(pods: KubeObject[], owner: KubeObject | undefined): KubeObject[] {
  return pods.filter((pod) => isOwnedBy(pod, owner));
}

function containerStatuses(pod: KubeObject): Plain[] {
  return [
    ...getList(pod, "status", "initContainerStatuses"),
    ...getList(pod, "status", "containerStatuses"),
  ];
}

/** Reasons that only say that a container is being started. */
const starting = new Set(["ContainerCreating", "PodInitializing"]);

function containerProblems(status: Plain): string[] {
  if (get(status, "ready") === true) return [];
  const problems: string[] = [];
  const waitingReason = getString(status, "state", "waiting", "reason");
  if (waitingReason !== "" && !starting.has(waitingReason))
    problems.push(`[${waitingReason}] ${getString(status, "state", "waiting", "message")}`.trim());
  for (const state of ["state", "lastState"]) {
    const exitCode = getNumber(status, state, "terminated", "exitCode");
    if (exitCode === undefined || (state === "state" && exitCode === 0)) continue;
    const reason = getString(status, state, "terminated", "reason");
    const message = getString(status, state, "terminated", "message").trim();
    problems.push(
      `container "${getString(status, "name")}" terminated (${reason}: exit code ${String(exitCode)})` +
        (message === "" ? "" : `: ${message}`),
    );
  }
  return problems;
}

const logLines = 10;

/** The last log lines of containers that terminated with an error. */
export async function lastWords(client: KubeClient, pods: KubeObject[]): Promise<string[]> {
  const words: string[] = [];
  for (const pod of pods) {
    for (const status of containerStatuses(pod)) {
      const isRunningAgain = getNumber(status, "state", "terminated", "exitCode") === undefined;
      const exitCode = getNumber(
        status,
        isRunningAgain ? "lastState" : "state",
        "terminated",
        "exitCode",
      );
      if (exitCode === undefined || exitCode === 0) continue;
      const container = getString(status, "name");
      const text = await client
        .text(`/api/v1/namespaces/${namespaceOf(pod)}/pods/${nameOf(pod)}/log`, {
          query: {
            container,
            tailLines: String(logLines),
            previous: isRunningAgain ? "true" : undefined,
          },
        })
        // The log may be gone with the container; the reasons stand without it.
        .catch(() => "");
      if (text.trim() !== "")
        words.push(
          `last log lines of container "${container}" in pod ${nameOf(pod)}:\n${text.trim()}`,
        );
    }
  }
  return words;
}
