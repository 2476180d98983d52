import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { ClusterInfo } from "../../../local/cluster";
import { repositoryRoot } from "../../../local/paths";
import { Authority } from "../../support/clouds/certificates";
import { endProcess } from "../../support/end-process";
import { freePort } from "../../support/environment";
import { takeOwnBaseImage } from "./base-image";
import type { World } from "./world";
import { eventually } from "./eventually";

const START_MS = 300_000;
/** Simulated clouds take a fraction of the time that real ones do: a cluster that takes twenty minutes, six seconds. */
const LATENCY = 0.005;

/** The simulated clouds of a world: one process, which outlives the commands, and has the world's cluster to hand out. */
export class CloudsUnderTest {
  private constructor(
    readonly world: World,
    readonly cluster: ClusterInfo,
    private readonly folder: string,
  ) {}

  /** With its registries as the cluster's only way out, and no addresses for Services but the clouds' own. */
  static async start(world: World): Promise<CloudsUnderTest> {
    const folder = path.join(world.folder, "clouds");
    Authority.load(folder);
    const gateway = { address: hostAddress(world), port: await freePort() };
    const cluster = await world.startCluster({
      MODELPORT_CLUSTER_PROXY: `http://${gateway.address}:${gateway.port}`,
      MODELPORT_CLUSTER_CA: path.join(folder, "ca.pem"),
      MODELPORT_LOAD_BALANCER: "off",
    });
    const hosts = path.join(folder, "hosts");
    const settings = {
      port: await freePort(),
      kubeconfig: cluster.kubeconfig,
      nodeAddress: cluster.nodeAddress,
      gateway,
      registry: `http://127.0.0.1:${cluster.ports.registry}`,
      dockerHost: cluster.dockerHost,
      addresses: balancerAddresses(world),
      hosts,
      latency: LATENCY,
    };
    fs.writeFileSync(path.join(folder, "settings.json"), JSON.stringify(settings));
    const clouds = new CloudsUnderTest(world, cluster, folder);
    // Repositories too have certificates of the clouds' authority: git, in commands as in builds.
    world.env["GIT_SSL_CAINFO"] = path.join(folder, "ca.pem");
    await clouds.launch();
    world.useHosts(hosts);
    takeOwnBaseImage(world, cluster);
    world.link("docker", path.join(cluster.dockerCli, "docker"));
    return clouds;
  }

  /** Names that the clouds have handed out. */
  get hosts(): string {
    return path.join(this.folder, "hosts");
  }

  /** Authorities of all that they serve. */
  get authorities(): string {
    return path.join(this.folder, "authorities.pem");
  }

  get log(): string {
    return path.join(this.folder, "clouds.log");
  }

  /** Signs what the clouds' users trust. */
  get authority(): Authority {
    return Authority.load(this.folder);
  }

  /** Records of everything that is there, the clouds' own included: `token id`. */
  async resources(): Promise<string[]> {
    return (await this.records()).map(({ kind, id }) => `${kind} ${id}`).sort();
  }

  /** IDs of a kind. */
  async idsOf(token: string): Promise<string[]> {
    return (await this.records()).flatMap(({ kind, id }) => (kind === token ? [id] : []));
  }

  /** API keys that the clouds have made for a stack, as its registry's login. */
  async issuedKeys(): Promise<string[]> {
    return (await this.records()).flatMap(({ outputs }) =>
      typeof outputs["apikey"] === "string" ? [outputs["apikey"]] : [],
    );
  }

  private async records() {
    const records = await this.control("GET", "resources");
    return records as { kind: string; id: string; outputs: Record<string, unknown> }[];
  }

  /** What was still in a cluster when it was deleted. */
  async leftovers(): Promise<string[]> {
    return (await this.control("GET", "leftovers")) as string[];
  }

  /** Tells the clouds something: test/support/clouds/control.ts. */
  async control(method: "GET" | "POST" | "DELETE", what: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.world.env["MODELPORT_CLOUDS"] ?? ""}/control/${what}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`/control/${what}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  private async launch(): Promise<void> {
    const { world, folder } = this;
    const log = fs.openSync(this.log, "a");
    const main = path.join(repositoryRoot(), "test/support/clouds/main.ts");
    const child = spawn(process.execPath, ["--import", "tsx", main, folder], {
      cwd: repositoryRoot(),
      env: { ...process.env, ...world.env },
      stdio: ["ignore", log, log],
    });
    fs.closeSync(log);
    world.defer(() => endProcess(child));
    const environment = path.join(folder, "environment.json");
    await eventually(() => {
      if (child.exitCode !== null) throw new Error(fs.readFileSync(this.log, "utf8"));
      Object.assign(world.env, JSON.parse(fs.readFileSync(environment, "utf8")));
    }, START_MS);
    world.addToPath(path.join(folder, "bin"));
  }
}

/** First octets of loopback addresses that no other world takes: its link has the third one too. */
const balancerAddresses = (world: World) =>
  hostAddress(world).replace(/^10\.213\.(\d+)\.\d+$/, "127.214.$1");

/** This machine's end of the cluster's link: the first of the four addresses is the network's. */
function hostAddress({ env }: World): string {
  const [network = ""] = (env["MODELPORT_LINK"] ?? "").split("/");
  return network.replace(/\d+$/, (last) => String(Number(last) + 1));
}
