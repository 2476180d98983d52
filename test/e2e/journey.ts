import * as assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Exposure } from "../../infra/config/service";
import { Canaries, textsBelow } from "./support/canaries";
import { assertGolden, Client, type Load, type Predictions, startLoad } from "./support/client";
import { added, eventually } from "./support/eventually";
import { forwarded } from "./support/forward";
import { ClusterAccess } from "./support/kubernetes";
import { forgetTraining, RETRAINED, retrain } from "./support/retrained";
import type { Step } from "./support/report";
import { type ServedAt, StackUnderTest, type Values } from "./support/stack";
import type { Worlds } from "./support/worlds";
import type { Surroundings, Target } from "./targets/target";

const ROW = "[5.1,3.5,1.4,0.2]";
const REPLICAS = 3;
/** Fewer would say nothing about an update. */
const LEAST_REQUESTS = 30;

/** From nothing to a served model, through everything that happens to one, and back to nothing: the same for every target. */
export class Journey {
  readonly steps: readonly Step[] = [
    { name: "a world, and what is in it before", run: () => this.prepare() },
    { name: "up", run: () => this.bringUp() },
    { name: "every exposure predicts right", run: () => this.predictEverywhere() },
    { name: "up changes nothing, nor does a preview", run: () => this.changeNothing() },
    { name: "a new model version, no request fails", run: () => this.serveNewVersion() },
    { name: "the version pinned back", run: () => this.pinVersion() },
    { name: "another config, by plain pulumi", run: () => this.changeConfig() },
    { name: "drift by hand, refresh, mended by up", run: () => this.mendDrift() },
    { name: "no secret anywhere", run: () => this.findNoSecret() },
    { name: "down", run: () => this.takeDown() },
    { name: "everything is as before", run: () => this.compareInventory() },
  ];
  private readonly canaries = new Canaries();
  private readonly key = this.canaries.plant("API key");
  private place: Surroundings | undefined;
  private services: Record<string, ServedAt> = {};
  private before: { inventory: string[]; machine: string[] } = { inventory: [], machine: [] };

  /** @param exposures which of the target's; default: all */
  constructor(
    private readonly target: Target,
    private readonly worlds: Worlds,
    private readonly exposures: readonly Exposure[] = target.exposures,
  ) {}

  /** Takes away what a step that failed has left. */
  async close(): Promise<void> {
    if (this.place === undefined) return;
    if (fs.existsSync(this.place.world.state)) await this.stack.modelport(["down"]);
    await this.place.close?.();
  }

  private async prepare(): Promise<void> {
    this.place = await this.target.prepare(this.worlds, this.canaries);
    const { config, service, secrets, serviceSecrets, world, inventory } = this.place;
    // A target before may have shared the world.
    forgetTraining(world);
    this.before = { inventory: await inventory(), machine: world.traces() };
    const services = this.exposures.map((exposure, index): [string, Values] => [
      nameOf(exposure),
      {
        models: index === 0 ? ["iris", "and-gate"] : ["iris"],
        exposure,
        replicas: index === 0 ? 2 : 1,
        ...service?.(exposure),
      },
    ]);
    this.stack.write({ ...config, services: Object.fromEntries(services) });
    await this.stack.pulumi("stack", "select", "--create");
    const below = this.exposures.flatMap((exposure) =>
      Object.entries(serviceSecrets?.(exposure) ?? {}).map(([key, value]) => [
        `services.${nameOf(exposure)}.${key}`,
        value,
      ]),
    );
    await this.stack.setSecrets({
      ...secrets,
      ...(Object.fromEntries(below) as Record<string, string>),
      [`services.${this.first}.apiKeys.me`]: this.key,
      [`services.${this.first}.secrets.db.PASSWORD`]: this.canaries.plant("password of a service"),
    });
    // Only its hash is the cluster's to know.
    this.canaries.add("hash of the API key", sha256(this.key));
  }

  private async bringUp(): Promise<void> {
    assert.deepEqual(await this.found(), []);
    await this.surroundings.beforeUp?.();
    this.services = await this.stack.up();
    assert.notDeepEqual(await this.found(), []);
    for (const secret of this.cluster.secrets()) this.canaries.add("login to the cluster", secret);
    for (const secret of (await this.surroundings.issued?.()) ?? [])
      this.canaries.add("key that the update made", secret);
  }

  private async predictEverywhere(): Promise<void> {
    await this.assertVersion("1", path.join(this.world.checkout, "app/models/iris/1/golden.json"));
    const { url, reachableFrom } = this.services[this.first]!;
    assert.equal((await this.stack.succeed(["url", this.first])).stdout.trim(), url);
    if (reachableFrom === "cluster") return;
    const { stdout } = await this.stack.succeed(["predict", "and-gate", "[1, 1]"]);
    assert.match(stdout, /"model":"and-gate".*"label":"1"/);
  }

  private async changeNothing(): Promise<void> {
    const images = await this.images();
    const { stderr } = await this.stack.succeed(["up"]);
    // A platform's certificate is read anew each time.
    assert.match(stderr, /: (?:nothing to change|\d+ read)\n/);
    assert.doesNotMatch(stderr, /\b(?:created|updated|replaced|deleted)\b/);
    assert.deepEqual(await this.images(), images);
    await this.stack.pulumi("preview", "--expect-no-changes");
  }

  private async serveNewVersion(): Promise<void> {
    retrain(this.world);
    const loads = Object.entries(this.services)
      .filter(([, { reachableFrom }]) => reachableFrom !== "cluster")
      .map(([name, { url }]) => startLoad(this.client, url, ROW, this.keyOf(name)));
    let loaded: readonly Load[] = [];
    try {
      this.services = await this.stack.up();
    } finally {
      loaded = await Promise.all(loads.map((load) => load.stop()));
    }
    for (const { answered, failures } of loaded) {
      assert.deepEqual(failures, []);
      assert.ok(answered >= LEAST_REQUESTS, `only ${answered} requests were made`);
    }
    await eventually(() => this.assertVersion("2", path.join(RETRAINED, "2/golden.json")));
  }

  private async pinVersion(): Promise<void> {
    const images = await this.images();
    this.stack.editServices((services) => {
      for (const service of Object.values(services)) service["versions"] = { iris: 1 };
    });
    this.services = await this.stack.up();
    assert.deepEqual(await this.images(), images, "an image was built");
    await eventually(() => this.assertVersion("1", path.join(RETRAINED, "1/golden.json")));
  }

  private async changeConfig(): Promise<void> {
    this.stack.editServices((services) => {
      Object.assign(services[this.first]!, { replicas: REPLICAS, env: { GREETING: "hello" } });
    });
    await this.stack.pulumi("up", "--yes", "--skip-preview");
    await this.assertReady();
    const variables = await this.cluster.environment(this.namespace, this.first);
    assert.equal(variables["GREETING"], "hello");
  }

  private async mendDrift(): Promise<void> {
    await this.cluster.driftByHand(this.namespace, this.first);
    await this.stack.pulumi("refresh", "--yes");
    this.services = await this.stack.up();
    await this.assertReady();
    assert.ok((await this.cluster.budgets(this.namespace)).includes(this.first));
    await this.stack.pulumi("preview", "--expect-no-changes");
  }

  /** In what was printed, in what lies on the disk, in what the cluster tells those who may look. */
  private async findNoSecret(): Promise<void> {
    const { world } = this;
    await this.stack.pulumi("stack", "export");
    await this.stack.pulumi("preview", "--json", "--refresh");
    const namespaces = new Set(Object.values(this.services).map(({ namespace }) => namespace));
    const said = await Promise.all([...namespaces].map((one) => this.cluster.said(one)));
    const own = ["etcd", "pki", "kubeconfigs", "kubelet"].map((name) =>
      path.join(world.state, "clusters/local", name),
    );
    const found = this.canaries.find([
      ...world.printed,
      ...said.flat(),
      ...textsBelow(world.state, own),
      ...textsBelow(path.join(world.folder, "tmp")),
      ...textsBelow(world.checkout, [path.join(world.checkout, "node_modules")]),
    ]);
    assert.deepEqual(found, []);
  }

  private async takeDown(): Promise<void> {
    await this.stack.succeed(["down"]);
    for (const { url, reachableFrom } of Object.values(this.services))
      if (reachableFrom !== "cluster") await assert.rejects(this.client.predict(url, ROW));
    assert.deepEqual(this.canaries.find(this.world.printed), []);
    const again = await this.stack.succeed(["down"]);
    assert.match(again.stderr, /nothing to take away/);
    assert.deepEqual(await this.found(), []);
  }

  private async compareInventory(): Promise<void> {
    const { inventory, machine } = this.before;
    const { world, surroundings } = this;
    await eventually(async () =>
      assert.deepEqual(added(inventory, await surroundings.inventory()), []),
    );
    await eventually(() => assert.deepEqual(added(machine, world.traces()), []));
  }

  /** What the product's own inventory finds of the stack. */
  private async found(): Promise<readonly unknown[]> {
    const { stdout } = await this.stack.succeed(["inventory", "--json"]);
    return (JSON.parse(stdout) as { found: readonly unknown[] }).found;
  }

  /** Right after an update it holds soon: a pod from before may still be in the act of ending. */
  private async assertVersion(version: string, golden: string): Promise<void> {
    for (const [name, { url, reachableFrom }] of Object.entries(this.services)) {
      const ask = async (from: string): Promise<Predictions> =>
        assertGolden(this.client, from, golden, this.keyOf(name));
      const answer =
        reachableFrom === "cluster" ? await forwarded(this.stack, name, ask) : await ask(url);
      assert.equal(answer.version, version, name);
    }
    const { status } = await this.client.predict(this.services[this.first]!.url, ROW);
    assert.equal(status, 401, "without its key");
  }

  private async assertReady(): Promise<void> {
    const { stdout } = await this.stack.succeed(["status"]);
    assert.match(stdout, new RegExp(`${this.first}: ${REPLICAS} of ${REPLICAS} ready`));
  }

  /** What the services run, and what the registry of the world holds. */
  private async images(): Promise<unknown> {
    const registry = `http://127.0.0.1:${this.world.env["MODELPORT_REGISTRY_PORT"] ?? ""}/v2`;
    const catalog = await fetch(`${registry}/_catalog`);
    const { repositories } = (await catalog.json()) as { repositories: string[] };
    const tags = repositories.map(async (name) =>
      (await fetch(`${registry}/${name}/tags/list`)).json(),
    );
    return [Object.values(this.services).map(({ image }) => image), await Promise.all(tags)];
  }

  private get surroundings(): Surroundings {
    if (this.place === undefined) throw new Error(`${this.target.name} has no world yet`);
    return this.place;
  }

  private get world() {
    return this.surroundings.world;
  }

  private get stack(): StackUnderTest {
    return new StackUnderTest(this.world, this.target.stack);
  }

  private get client(): Client {
    return new Client(this.surroundings.client);
  }

  private get cluster(): ClusterAccess {
    return new ClusterAccess(this.surroundings.kubeconfig());
  }

  private get first(): string {
    return nameOf(this.exposures[0] ?? "ClusterIP");
  }

  private get namespace(): string {
    return this.services[this.first]!.namespace;
  }

  private keyOf(service: string): string | undefined {
    return service === this.first ? this.key : undefined;
  }
}

/** `LoadBalancer` → `load-balancer` */
const nameOf = (exposure: Exposure) =>
  exposure.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
