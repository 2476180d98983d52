import type * as net from "node:net";
import { forward } from "../../../local/cluster/supervisor/forwarder";
import type { Kubernetes } from "./kubernetes";

const HOST = "127.0.0.1";

/**
 * Where the API of a cluster that was handed out is reached: a port of its own that leads to the embedded one's. When the cluster goes,
 * nobody answers there any more, and another cluster is elsewhere, as in a cloud.
 */
export class ApiEndpoint {
  private constructor(
    private readonly server: net.Server,
    private readonly sockets: ReadonlySet<net.Socket>,
    /** Host and port. */
    readonly host: string,
  ) {}

  /** @param host what it was before. Default: any port */
  static async open(kubernetes: Kubernetes, host = `${HOST}:0`): Promise<ApiEndpoint> {
    const { hostname, port } = kubernetes.server;
    const wanted = Number(host.split(":")[1]);
    const server = await forward(
      { host: HOST, port: wanted },
      { host: hostname, port: Number(port) },
    );
    const sockets = new Set<net.Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    const address = server.address();
    const given = typeof address === "object" ? (address?.port ?? 0) : 0;
    return new ApiEndpoint(server, sockets, `${HOST}:${given}`);
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
