import { embedded } from "./embedded";
import { existing } from "./existing";
import { gke } from "./gke";
import { iks } from "./iks";
import { minikube } from "./minikube";
import { openshift } from "./openshift";
import type { Target } from "./target";

/** Every target that a journey is made on; those with worlds of one kind stand together, and share it. */
export const targets: readonly Target[] = [embedded, existing, minikube, gke, iks, openshift];
