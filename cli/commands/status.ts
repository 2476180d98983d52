import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import type { Command } from "commander";
import { stackLabel } from "../../infra/manifests/labels";
import { ExitCode } from "../../local/errors";
import { openCluster, unreachable } from "../cluster-access";
import { toOutputs } from "../outputs";
import { openExisting } from "../session";

interface ServiceStatus {
  url: string;
  reachableFrom: string;
  image: string;
  models: string[];
  replicas: { wanted: number; ready: number; updated: number };
  pods: { name: string; phase: string; ready: boolean; restarts: number; reason?: string }[];
}

export function registerStatus(program: Command): void {
  program
    .command("status")
    .summary("how the services of a stack are")
    .description(
      "Shows the services of a stack: URL, image, models, and whether their pods are ready.\nExit code 1 if one is not.",
    )
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--json", "print it as JSON")
    .action(status);
}

async function status(options: { stack?: string; json?: true }): Promise<void> {
  const session = await openExisting(options.stack);
  const outputs = toOutputs(session.stack, await session.engine.outputs());
  const config = await openCluster(session);
  const { AppsV1Api, CoreV1Api } = await import("@kubernetes/client-node");
  const [apps, core] = [config.makeApiClient(AppsV1Api), config.makeApiClient(CoreV1Api)];
  const services: Record<string, ServiceStatus> = {};
  try {
    for (const [name, { namespace, ...service }] of Object.entries(outputs.services)) {
      const labelSelector = `app.kubernetes.io/name=${name},app.kubernetes.io/instance=${stackLabel(session.stack)}`;
      const [deployments, pods] = await Promise.all([
        apps.listNamespacedDeployment({ namespace, labelSelector }),
        core.listNamespacedPod({ namespace, labelSelector }),
      ]);
      services[name] = {
        ...service,
        replicas: count(deployments.items[0]),
        pods: pods.items.map(describePod),
      };
    }
  } catch (error) {
    throw unreachable(error);
  }
  const ready = Object.values(services).every(
    ({ replicas }) => replicas.wanted > 0 && replicas.ready >= replicas.wanted,
  );
  if (!ready) process.exitCode = ExitCode.failed;
  const document = { stack: session.stack, target: outputs.target, ready, services };
  process.stdout.write(
    options.json === true ? `${JSON.stringify(document, undefined, 2)}\n` : table(document),
  );
}

function count(deployment: V1Deployment | undefined): ServiceStatus["replicas"] {
  return {
    wanted: deployment?.spec?.replicas ?? 0,
    ready: deployment?.status?.readyReplicas ?? 0,
    updated: deployment?.status?.updatedReplicas ?? 0,
  };
}

function describePod({ metadata, status: its }: V1Pod): ServiceStatus["pods"][number] {
  const containers = its?.containerStatuses ?? [];
  const reason = containers.map(({ state }) => state?.waiting?.reason).find((found) => found);
  return {
    name: metadata?.name ?? "",
    phase: metadata?.deletionTimestamp === undefined ? (its?.phase ?? "Unknown") : "Terminating",
    ready: containers.length > 0 && containers.every((container) => container.ready),
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    ...(reason === undefined ? {} : { reason }),
  };
}

function table(document: {
  stack: string;
  target: string;
  services: Record<string, ServiceStatus>;
}): string {
  const lines = [`stack ${document.stack}, target ${document.target}`];
  for (const [name, { url, reachableFrom, image, models, replicas, pods }] of Object.entries(
    document.services,
  )) {
    const mark = replicas.wanted > 0 && replicas.ready >= replicas.wanted ? "✓" : "✗";
    lines.push(
      `${mark} ${name}: ${replicas.ready} of ${replicas.wanted} ready, ${url} (reachable from: ${reachableFrom})`,
      `    models ${models.join(", ") || "none"}, image ${image}`,
      ...pods.map(
        (pod) =>
          `    ${pod.ready ? "✓" : "✗"} ${pod.name} ${pod.reason ?? pod.phase}, ${pod.restarts} restarts`,
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}
