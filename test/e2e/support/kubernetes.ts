import * as fs from "node:fs";
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  PolicyV1Api,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { parse } from "yaml";
import { apiRequest, readContext } from "../../../infra/kubeconfig";
import type { Text } from "./canaries";

/** Changes by itself, or follows from others. */
const FLEETING = ["Event", "Lease", "Endpoints", "EndpointSlice", "ComponentStatus", "Node"];

interface ResourceList {
  readonly resources?: readonly { name: string; kind: string; verbs: readonly string[] }[];
}

interface ObjectList {
  readonly items?: readonly { metadata?: { name?: string; namespace?: string } }[];
}

/** A cluster as its administrator sees it, past the product. */
export class ClusterAccess {
  private readonly config = new KubeConfig();
  private readonly text: string;

  /** @param kubeconfig a file */
  constructor(kubeconfig: string) {
    this.text = fs.readFileSync(kubeconfig, "utf8");
    this.config.loadFromString(this.text);
  }

  /** Every object of every kind the API server has, as `Kind namespace/name`. */
  async objects(): Promise<string[]> {
    const groups = await this.get<{
      groups: { name: string; preferredVersion: { groupVersion: string } }[];
    }>("/apis");
    const own = groups.groups.filter(({ name }) => name !== "metrics.k8s.io");
    const roots = [
      "/api/v1",
      ...own.map((group) => `/apis/${group.preferredVersion.groupVersion}`),
    ];
    const found = await Promise.all(roots.map((root) => this.objectsBelow(root)));
    return [...new Set(found.flat())].sort();
  }

  private async objectsBelow(root: string): Promise<string[]> {
    const { resources = [] } = await this.get<ResourceList>(root);
    const listed = resources.filter(
      ({ name, kind, verbs }) =>
        verbs.includes("list") && !name.includes("/") && !FLEETING.includes(kind),
    );
    const lists = await Promise.all(
      listed.map(async ({ name, kind }) => {
        const { items = [] } = await this.get<ObjectList>(`${root}/${name}`);
        return items.map(
          ({ metadata }) => `${kind} ${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`,
        );
      }),
    );
    return lists.flat();
  }

  /** What an absent-minded colleague does: another number of pods, and the disruption budget is gone. */
  async driftByHand(namespace: string, name: string): Promise<void> {
    await this.scale(namespace, name, 1);
    await this.config
      .makeApiClient(PolicyV1Api)
      .deleteNamespacedPodDisruptionBudget({ namespace, name });
  }

  async scale(namespace: string, name: string, replicas: number): Promise<void> {
    await this.config
      .makeApiClient(AppsV1Api)
      .patchNamespacedDeployment(
        { namespace, name, body: { spec: { replicas } } },
        setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
      );
  }

  /** Keeps a namespace from going: an object in it has a finalizer that nobody takes off. */
  async hold(namespace: string): Promise<void> {
    const metadata = { name: "held", finalizers: ["example.com/never"] };
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const { status, text } = await apiRequest(await readContext(this.text), path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata }),
    });
    if (status !== 201) throw new Error(`${path}: HTTP ${status}: ${text}`);
  }

  async release(namespace: string): Promise<void> {
    await this.config
      .makeApiClient(CoreV1Api)
      .patchNamespacedConfigMap(
        { namespace, name: "held", body: { metadata: { finalizers: null } } },
        setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
      );
  }

  async budgets(namespace: string): Promise<string[]> {
    const api = this.config.makeApiClient(PolicyV1Api);
    const { items } = await api.listNamespacedPodDisruptionBudget({ namespace });
    return items.map(({ metadata }) => metadata?.name ?? "");
  }

  /** Environment of a Deployment's first container. */
  async environment(namespace: string, name: string): Promise<Record<string, string | undefined>> {
    const api = this.config.makeApiClient(AppsV1Api);
    const { spec } = await api.readNamespacedDeployment({ namespace, name });
    const variables = spec?.template.spec?.containers[0]?.env ?? [];
    return Object.fromEntries(variables.map((one) => [one.name, one.value]));
  }

  /** Events and logs of a namespace: what everybody with the right to look reads. */
  async said(namespace: string): Promise<Text[]> {
    const api = this.config.makeApiClient(CoreV1Api);
    const [events, pods] = await Promise.all([
      api.listNamespacedEvent({ namespace }),
      api.listNamespacedPod({ namespace }),
    ]);
    const logs = pods.items.map(async ({ metadata }) => {
      const name = metadata?.name ?? "";
      const text = await api.readNamespacedPodLog({ namespace, name }).catch(() => "");
      return { where: `log of pod ${name}`, text };
    });
    const text = JSON.stringify(events.items);
    return [{ where: `events of ${namespace}`, text }, ...(await Promise.all(logs))];
  }

  private async get<T>(path: string): Promise<T> {
    const { status, text } = await apiRequest(await readContext(this.text), path);
    if (status !== 200) throw new Error(`${path}: HTTP ${status}`);
    return JSON.parse(text) as T;
  }

  /** Keys and tokens of the kubeconfig, in plain. */
  secrets(): string[] {
    const { users } = parse(this.text) as {
      users: { user: { "client-key-data"?: string; token?: string } }[];
    };
    return users.flatMap(({ user }) => [
      ...(user.token === undefined ? [] : [user.token]),
      ...(user["client-key-data"] === undefined
        ? []
        : [Buffer.from(user["client-key-data"], "base64").toString()]),
    ]);
  }
}
