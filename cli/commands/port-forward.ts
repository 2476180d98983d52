import * as net from "node:net";
import type { CoreV1Api, PortForward } from "@kubernetes/client-node";
import type { Command } from "commander";
import { stackLabel } from "../../infra/manifests/labels";
import { ExitCode, UserError } from "../../local/errors";
import { openCluster, unreachable } from "../cluster-access";
import { pickService, toOutputs } from "../outputs";
import { openExisting } from "../session";

const DEFAULT_PORT = 8080;
const ATTEMPTS = 5;
const RETRY_MS = 500;

export function registerPortForward(program: Command): void {
  program
    .command("port-forward")
    .summary("reach a service at a port of this machine")
    .description(
      "Forwards a port of this machine to a ready pod of a service, until Ctrl-C. Each connection takes a pod that is ready then.",
    )
    .argument("[service]", "default: the first service of the stack")
    .argument("[port]", `local port. Default: ${DEFAULT_PORT}, or a free one if that is taken`)
    .option("--stack <name>", "which stack. Default: as for up")
    .action(portForward);
}

async function portForward(
  name: string | undefined,
  port: string | undefined,
  options: { stack?: string },
): Promise<void> {
  const given = port === undefined ? undefined : parsePort(port);
  const session = await openExisting(options.stack);
  const outputs = toOutputs(session.stack, await session.engine.outputs());
  const [service, { namespace }] = pickService(outputs, name);
  const config = await openCluster(session);
  const { CoreV1Api, PortForward } = await import("@kubernetes/client-node");
  const labels = `app.kubernetes.io/name=${service},app.kubernetes.io/instance=${stackLabel(session.stack)}`;
  const pods = new ReadyPods(config.makeApiClient(CoreV1Api), namespace, labels);
  await pods.any();
  const forward = new PortForward(config, true);
  const server = net.createServer((socket) => void connect(socket, forward, namespace, pods));
  const local = await listen(server, given);
  process.stdout.write(`http://127.0.0.1:${local}\n`);
  process.stderr.write(`forwarding to ${service} in ${namespace}; Ctrl-C ends it\n`);
}

/** The pods of a service, looked up anew for each connection: they change while we run. */
class ReadyPods {
  constructor(
    private readonly core: CoreV1Api,
    private readonly namespace: string,
    private readonly labelSelector: string,
  ) {}

  async any(): Promise<{ name: string; port: number }> {
    const { namespace, labelSelector } = this;
    const { items } = await this.core
      .listNamespacedPod({ namespace, labelSelector })
      .catch((error: unknown) => {
        throw unreachable(error);
      });
    const ready = items.filter(
      ({ metadata, status }) =>
        metadata?.deletionTimestamp === undefined &&
        status?.conditions?.some(({ type, status: its }) => type === "Ready" && its === "True"),
    );
    const pod = ready[Math.floor(Math.random() * ready.length)];
    if (pod?.metadata?.name === undefined)
      throw new UserError("no pod of the service is ready", {
        why: `${items.length} pods match ${labelSelector} in ${namespace}`,
        fix: "npm run cli -- status",
      });
    return {
      name: pod.metadata.name,
      port: pod.spec?.containers[0]?.ports?.[0]?.containerPort ?? DEFAULT_PORT,
    };
  }
}

async function connect(
  socket: net.Socket,
  forward: PortForward,
  namespace: string,
  pods: ReadyPods,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  for (let attempt = 1; !socket.destroyed; attempt++) {
    try {
      const { name, port } = await pods.any();
      await forward.portForward(namespace, name, [port], socket, null, socket);
      return;
    } catch (error) {
      if (attempt >= ATTEMPTS) {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        socket.destroy();
      } else await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt));
    }
  }
}

/** @param given exactly this port; else the usual one, or any that is free */
async function listen(server: net.Server, given: number | undefined): Promise<number> {
  for (const port of given === undefined ? [DEFAULT_PORT, 0] : [given]) {
    const taken = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once("error", resolve);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", resolve);
        resolve(undefined);
      });
    });
    if (taken === undefined) return (server.address() as net.AddressInfo).port;
    if (given !== undefined)
      throw new UserError(`port ${given} of 127.0.0.1 can't be used`, {
        why: taken.code === "EADDRINUSE" ? "another program listens there" : taken.message,
        fix: "name another port, or none for a free one",
        exitCode: ExitCode.environment,
      });
  }
  throw new Error("no free port");
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new UserError(`${JSON.stringify(text)} is not a port`, {
    why: "it must be a whole number from 1 to 65535",
    fix: "npm run cli -- port-forward iris 8080",
    exitCode: ExitCode.usage,
  });
}
