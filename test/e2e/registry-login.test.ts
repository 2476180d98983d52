import * as assert from "node:assert/strict";
import * as path from "node:path";
import type { ClusterInfo } from "../../local/cluster";
import { Authority } from "../support/clouds/certificates";
import { startGateway, type Access } from "../support/clouds/gateway/gateway";
import { Kubernetes } from "../support/clouds/kubernetes";
import { child, children, text, type Values } from "../support/clouds/values";
import type { Result } from "../support/command";
import { eventually } from "./support/eventually";
import { World } from "./support/world";

const HOST = "europe-west1-docker.pkg.dev";
const REPOSITORY = "my-project/models/node";
const IMAGE = `${HOST}/${REPOSITORY}:1`;
const TOKEN = "an-access-token";
const NAMESPACE = "registry-login";

/** MODELPORT_CLUSTER_PROXY and MODELPORT_CLUSTER_CA, with a registry behind them that asks for a login. */
describe("the embedded cluster's way out, through a proxy", () => {
  const asked: Access[] = [];
  const refused: string[] = [];
  let world: World;
  let cluster: ClusterInfo;
  let kubernetes: Kubernetes;

  const docker = (...args: string[]): Promise<Result> =>
    world.run([path.join(cluster.dockerCli, "docker"), ...args], {
      env: {
        ...world.env,
        DOCKER_HOST: cluster.dockerHost,
        DOCKER_CONFIG: path.join(world.folder, "docker"),
      },
    });
  const login = (password: string): Promise<Result> =>
    docker("login", "--username=oauth2accesstoken", `--password=${password}`, HOST);

  before(async () => {
    world = await World.make();
    const gateway = await startGateway({
      address: "127.0.0.1",
      port: 0,
      ca: Authority.load(world.folder),
      upstream: `http://127.0.0.1:${world.env["MODELPORT_REGISTRY_PORT"]}`,
      log: (line) => refused.push(line),
      hosts: [
        {
          pattern: /-docker\.pkg\.dev$/,
          authorize: (who, what) => {
            asked.push(what);
            const known = who?.user === "oauth2accesstoken" && who.password === TOKEN;
            return Promise.resolve(
              known
                ? { ok: true }
                : { ok: false, status: 401, code: "UNAUTHORIZED", message: "Unauthenticated" },
            );
          },
        },
      ],
    });
    world.defer(() => gateway.close());
    cluster = await world.startCluster({
      MODELPORT_CLUSTER_PROXY: gateway.url,
      MODELPORT_CLUSTER_CA: path.join(world.folder, "ca.pem"),
    });
    kubernetes = new Kubernetes(cluster.kubeconfig);
    await kubernetes.create("/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  });

  after(() => world.stop());

  it("is not taken to the cluster's own registry", async () => {
    assert.equal((await docker("pull", cluster.baseImage)).code, 0);
    assert.deepEqual([asked, refused], [[], []]);
  });

  it("reaches what the proxy lets through, and nothing else", async () => {
    const { code, stderr } = await docker("pull", "registry.example.com/library/hello:1");
    assert.notEqual(code, 0);
    assert.match(stderr, /Forbidden/);
    assert.deepEqual(refused, ["CONNECT registry.example.com: unknown, refused"]);
  });

  it("pushes and pulls after a login", async () => {
    assert.equal((await docker("tag", cluster.baseImage, IMAGE)).code, 0);
    const denied = await docker("push", IMAGE);
    assert.notEqual(denied.code, 0);
    assert.match(denied.stderr, /no basic auth credentials|unauthorized/i);
    assert.match((await login("wrong")).stderr, /401|unauthorized/i);

    const entered = await login(TOKEN);
    assert.equal(entered.code, 0, entered.stderr);
    const pushed = await docker("push", IMAGE);
    assert.equal(pushed.code, 0, pushed.stderr);
    assert.ok(asked.some((one) => one.repository === REPOSITORY && one.action === "push"));
    assert.equal((await docker("image", "rm", IMAGE)).code, 0);
    const pulled = await docker("pull", IMAGE);
    assert.equal(pulled.code, 0, pulled.stderr);
  });

  it("has pods pull with their pull secret, and refused without", async () => {
    const auth = Buffer.from(`oauth2accesstoken:${TOKEN}`).toString("base64");
    await kubernetes.create(`/api/v1/namespaces/${NAMESPACE}/secrets`, {
      metadata: { name: "pull" },
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": JSON.stringify({ auths: { [HOST]: { auth } } }) },
    });
    await run("without", []);
    await run("with", [{ name: "pull" }]);
    await eventually(async () => {
      const { waiting } = await state("without");
      assert.match(text(waiting, "reason"), /ErrImagePull|ImagePullBackOff/);
      assert.match(text(waiting, "message"), /401|unauthorized|authorization failed/i);
    }, 240_000);
    await eventually(async () => assert.ok((await state("with")).running), 240_000);
  });

  /** With `Always`, so that what another pod pulled is of no use to it. */
  async function run(name: string, imagePullSecrets: { name: string }[]): Promise<void> {
    await kubernetes.create(`/api/v1/namespaces/${NAMESPACE}/pods`, {
      metadata: { name },
      spec: {
        automountServiceAccountToken: false,
        imagePullSecrets,
        containers: [
          {
            name: "main",
            image: IMAGE,
            imagePullPolicy: "Always",
            command: ["/nodejs/bin/node", "-e", "setInterval(() => {}, 60000)"],
          },
        ],
      },
    });
  }

  async function state(pod: string): Promise<{ waiting: Values; running: boolean }> {
    const object = await kubernetes.get(`/api/v1/namespaces/${NAMESPACE}/pods/${pod}`);
    const [container = {}] = children(child(object, "status"), "containerStatuses");
    const state = child(container, "state");
    return { waiting: child(state, "waiting"), running: state["running"] !== undefined };
  }
});
