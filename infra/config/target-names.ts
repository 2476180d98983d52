export const TARGET_NAMES = [
  "embedded",
  "existing",
  "gke",
  "iks",
  "minikube",
  "openshift",
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];
