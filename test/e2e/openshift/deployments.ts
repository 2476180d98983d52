import { PRE_STOP_SECONDS } from "../../../infra/manifests/container";
import type { Stored } from "../../support/openshift/kinds";
import { whenThere } from "./when-there";
import { type OpenShiftPlace, streams } from "./place";

export const deployments = (of: string, name: string) =>
  `/apis/apps/v1/namespaces/${of}/deployments/${name}`;

export interface Deployment extends Stored {
  status?: {
    observedGeneration?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    replicas?: number;
    conditions?: { type: string; message: string }[];
  };
}

interface Changes {
  readonly spec?: object;
  readonly securityContext?: object;
  readonly generation?: string;
}

/** What was built, two pods of it, and their Service. */
export async function deploy(
  place: OpenShiftPlace,
  namespace: string,
  name: string,
  changes: Changes = {},
): Promise<void> {
  const labels = { app: name };
  const { spec, securityContext = {}, generation = "1" } = changes;
  const stream = await place.api.get<{
    status: { tags: { tag: string; items: { image: string }[] }[] };
  }>(`${streams("team-builds")}/app`);
  const digest = stream?.status.tags.find(({ tag }) => tag === "docker")?.items[0]?.image ?? "";
  const image = `image-registry.openshift-image-registry.svc:5000/team-builds/app@${digest}`;
  await place.api.apply(deployments(namespace, name), {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: { generation } },
        spec: {
          automountServiceAccountToken: false,
          containers: [
            {
              name: "server",
              image,
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
              lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
              securityContext,
            },
          ],
          ...spec,
        },
      },
    },
  });
  await place.api.apply(`/api/v1/namespaces/${namespace}/services/${name}`, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  });
}

export const rolledOut = (place: OpenShiftPlace, of: string, name: string) =>
  whenThere(async () => {
    const { metadata, status } = (await place.api.get<
      Deployment & { metadata: { generation: number } }
    >(deployments(of, name)))!;
    const { observedGeneration, updatedReplicas, readyReplicas, replicas } = status ?? {};
    return observedGeneration === metadata.generation &&
      [updatedReplicas, readyReplicas, replicas].every((count) => count === 2)
      ? true
      : undefined;
  });

/** No pod is left of those before. */
export const replaced = (place: OpenShiftPlace, of: string, name: string) =>
  whenThere(async () => {
    const pods = await place.api.get<{ items: unknown[] }>(
      `/api/v1/namespaces/${of}/pods?labelSelector=app%3D${name}`,
    );
    return pods?.items.length === 2 ? true : undefined;
  });
