import type { Kubernetes } from "./kubernetes";
import { child, text, type Values } from "./values";

export interface Warning {
  readonly reason: string;
  readonly message: string;
  readonly component: string;
}

/** Says something of an object where its users look: one event a reason. */
export async function warn(
  kubernetes: Kubernetes,
  object: Values,
  { reason, message, component }: Warning,
): Promise<void> {
  const metadata = child(object, "metadata");
  const [namespace, name, uid] = ["namespace", "name", "uid"].map((key) => text(metadata, key));
  const own = `${name}.${reason.toLowerCase()}`;
  const now = new Date().toISOString();
  await kubernetes.apply(`/api/v1/namespaces/${namespace}/events/${own}`, {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: own, namespace },
    involvedObject: {
      apiVersion: text(object, "apiVersion") || "v1",
      kind: text(object, "kind") || "Service",
      namespace,
      name,
      uid,
    },
    type: "Warning",
    reason,
    message,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component },
  });
}
