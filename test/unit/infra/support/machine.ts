import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { TargetName } from "../../../../infra/config/schema";
import { readModel } from "../../../../infra/models";
import { makeCertificate } from "../../../support/certificate";
import { writeRunningCluster } from "./running-cluster";
import { restoreVariables } from "../../../support/environment";

export const ROOT = path.join(__dirname, "..", "..", "..", "..");

type Inputs = Record<string, unknown>;

/**
 * A machine on which stacks of every target can be brought up under mocks: an API server that stands for pods behind it too, with and
 * without TLS, a running embedded cluster, a Docker daemon, credentials. Environment variables are put back by `close`.
 */
export class TestMachine {
  /** Method and path of each request. */
  readonly requests: string[] = [];
  private readonly saved = { ...process.env };
  private readonly home = fs.mkdtempSync(path.join(os.tmpdir(), "machine-"));
  private readonly certificate = makeCertificate(["localhost"]);
  private readonly servers: (http.Server | net.Server)[] = [];
  private port = 0;
  private securePort = 0;

  static async start(): Promise<TestMachine> {
    const machine = new TestMachine();
    const { certificate: cert, key } = machine.certificate;
    machine.port = await machine.listen(http.createServer(machine.answer));
    machine.securePort = await machine.listen(https.createServer({ cert, key }, machine.answer));
    machine.prepare();
    return machine;
  }

  close(): void {
    for (const server of this.servers) server.close();
    restoreVariables(this.saved);
    fs.rmSync(this.home, { recursive: true });
  }

  /** What a target's own section must hold to come to this machine. */
  section(target: TargetName): Inputs {
    switch (target) {
      case "existing":
        return {
          kubeconfig: `${this.kubeconfig()}\n`,
          registry: { server: "registry.example.com", user: "me", password: "hidden-password" },
        };
      case "gke":
        return {
          project: "my-project-123",
          kubeconfig: "token",
          controlPlane: { endpoint: "ip" },
        };
      case "iks":
      case "openshift":
        return { registryNamespace: "acme-models", kubeconfig: "token" };
      default:
        return {};
    }
  }

  /** What providers say in an update, so that the stack comes to this machine. */
  readonly state: Readonly<Record<string, (inputs: Inputs) => Inputs>> = {
    "gcp:container/cluster:Cluster": () => ({
      endpoint: `localhost:${this.securePort}`,
      masterAuth: {
        clusterCaCertificate: Buffer.from(this.certificate.certificate).toString("base64"),
      },
      controlPlaneEndpointsConfig: { dnsEndpointConfig: { endpoint: "gke.example.com" } },
    }),
  };

  readonly functions: Readonly<Record<string, (inputs: Inputs) => Inputs>> = {
    "ibm:index/getContainerClusterConfig:getContainerClusterConfig": () => ({
      host: `http://127.0.0.1:${this.port}`,
      token: "t",
      caCertificate: "",
    }),
  };

  kubeconfig(): string {
    return JSON.stringify({
      "current-context": "c",
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${this.port}` } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: { token: "t" } }],
    });
  }

  /** Serves the model iris behind any proxied Service, and its own lists. */
  private readonly answer: http.RequestListener = (request, response) => {
    this.requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.setHeader("connection", "close");
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { instances = [] } = JSON.parse(body || "{}") as { instances?: unknown[] };
      response.end(JSON.stringify(request.method === "POST" ? predict(instances.length) : LISTS));
    });
  };

  private async listen(server: http.Server): Promise<number> {
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as net.AddressInfo).port;
  }

  private prepare(): void {
    // Staging copies the server's bundle.
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
    const socket = path.join(this.home, "docker.sock");
    this.servers.push(net.createServer().listen(socket));
    const docker = path.join(this.home, "docker");
    fs.writeFileSync(docker, "#!/bin/sh\necho 28.0.0\n", { mode: 0o755 });
    process.env["MODELPORT_DOCKER"] = docker;
    process.env["XDG_STATE_HOME"] = this.home;
    process.env["IC_API_KEY"] = "callers-own-key";
    writeRunningCluster(this.home, this.kubeconfig());
  }
}

/** Answers to any list: a node, no API groups beside Kubernetes' own. */
const LISTS = {
  items: [{ status: { addresses: [{ type: "InternalIP", address: "127.0.0.1" }] } }],
  groups: [{ name: "apps" }],
};

function predict(rows: number): unknown {
  const { version, golden } = readModel(ROOT, "iris").versions.at(-1)!;
  const predictions = golden.requests.slice(0, rows).map(({ prediction }) => prediction);
  return { model: "iris", version, predictions };
}
