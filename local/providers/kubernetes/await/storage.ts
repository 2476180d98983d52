/** Volumes, quotas and token secrets (provider/pkg/await/awaiters.go). */
import { equal } from "../../rpc/properties";
import { getMap, getString, nameOf } from "../object";
import { ready, waiting, type Awaiter } from "./awaiter";

export const persistentVolumeAwaiter: Awaiter = {
  judgesReads: false,
  evaluate({ object }) {
    const phase = getString(object, "status", "phase");
    return phase === "Available" || phase === "Bound"
      ? ready
      : waiting(`Waiting for the volume (${phase})`);
  },
};

/** A claim that binds to its first consumer is as ready as it gets while it is pending. */
export const persistentVolumeClaimAwaiter: Awaiter = {
  judgesReads: false,
  related: [{ apiVersion: "storage.k8s.io/v1", kind: "StorageClass" }],
  evaluate({ object, related }) {
    const phase = getString(object, "status", "phase");
    const className = getString(object, "spec", "storageClassName");
    const storageClass = related("StorageClass").find((item) => nameOf(item) === className);
    const isLate = getString(storageClass, "volumeBindingMode") === "WaitForFirstConsumer";
    if (phase === "Bound" || (isLate && phase === "Pending")) return ready;
    return waiting(`Waiting for the claim to be bound (${phase})`, [
      className === ""
        ? "the claim names no storage class, and the cluster has no default one"
        : `the claim was not bound by storage class "${className}"`,
    ]);
  },
};

export const resourceQuotaAwaiter: Awaiter = {
  judgesReads: false,
  evaluate({ object }) {
    return equal(getMap(object, "spec", "hard"), getMap(object, "status", "hard"))
      ? ready
      : waiting("Waiting for the quota to be taken up");
  },
};

/** Only the token of a service account is filled in by a controller. */
export const secretAwaiter: Awaiter = {
  judgesReads: false,
  evaluate({ object }) {
    const isToken = getString(object, "type") === "kubernetes.io/service-account-token";
    return !isToken || Object.keys(getMap(object, "data")).length > 0
      ? ready
      : waiting("Waiting for the token");
  },
};
