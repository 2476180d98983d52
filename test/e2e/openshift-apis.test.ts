/**
 * The stand-ins for OpenShift's APIs, on an embedded cluster of their own: what they do that the program relies on, seen from outside.
 */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { ClusterInfo } from "../../local/cluster";
import { childrenOf } from "../../local/cluster/supervisor/sandbox";
import { makeCertificate } from "../support/certificate";
import { Authority } from "../support/clouds/certificates";
import { startGateway } from "../support/clouds/gateway/gateway";
import { freePort } from "../support/environment";
import { type GitServer, serveGit } from "../support/git-server";
import {
  Api,
  imageRegistry,
  type OpenShift,
  provideBuilderImage,
  startOpenShift,
} from "../support/openshift";
import type { Build, Route, Stored } from "../support/openshift/kinds";
import { World } from "./support/world";

const ROUTER = "127.213.250.1";
const DOMAIN = "apps.example.com";
/** Where networks have names. */
const NETWORKS = "/var/run/netns";
const WAIT_MS = 60_000;

/** Tells who it runs as, and who asked; ends what it began when it is told to end. */
const SERVER = `
const server = require("node:http").createServer((request, response) =>
  response.end(JSON.stringify({ user: process.getuid(), group: process.getgid(), headers: request.headers })),
);
server.listen(8080);
process.once("SIGTERM", () => server.close(() => process.exit(0)));
`;

describe("OpenShift's APIs on the embedded cluster", function () {
  this.timeout(180_000);
  let world: World;
  let cluster: ClusterInfo;
  let authority: Authority;
  let openshift: OpenShift;
  let api: Api;
  let git: GitServer;
  let privateGit: GitServer;
  let hosts: string;

  before(async () => {
    world = await World.make();
    const folder = (name: string) => path.join(world.folder, name);
    authority = Authority.load(folder("authority"));
    const here = (world.env["MODELPORT_LINK"] ?? "").replace(/0\/30$/, "1");
    const port = await freePort();
    cluster = await world.startCluster({
      MODELPORT_CLUSTER_PROXY: `http://${here}:${port}`,
      MODELPORT_CLUSTER_CA: path.join(folder("authority"), "ca.pem"),
    });
    api = await Api.connect(cluster.kubeconfig);
    world.defer(() => api.close());
    const gateway = await startGateway({
      address: here,
      port,
      ca: authority,
      upstream: `http://127.0.0.1:${cluster.ports.registry}`,
      hosts: [imageRegistry(cluster.kubeconfig)],
    });
    world.defer(() => gateway.close());
    hosts = folder("hosts");
    fs.writeFileSync(hosts, "127.0.0.1 localhost\n");
    world.useHosts(hosts);
    openshift = await startOpenShift({
      kubeconfig: cluster.kubeconfig,
      dockerHost: cluster.dockerHost,
      address: ROUTER,
      domain: DOMAIN,
      hosts,
      webhook: { address: here, port: 0 },
      authority,
      folder: folder("openshift"),
    });
    world.defer(() => openshift.stop());
    git = await serveGit({ folder: folder("git"), authority });
    world.defer(() => git.close());
    const login = { user: "ci", password: "s3cret/+" };
    privateGit = await serveGit({ folder: folder("private-git"), authority, login });
    world.defer(() => privateGit.close());
    for (const name of ["team", "team-builds", "other"]) await namespace(name);
    await create(`${rbac("team-builds")}/rolebindings`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "team", namespace: "team-builds" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "system:image-puller",
      },
      subjects: [
        {
          apiGroup: "rbac.authorization.k8s.io",
          kind: "Group",
          name: "system:serviceaccounts:team",
        },
      ],
    });
    const stream = await create(streams("team-builds"), {
      apiVersion: "image.openshift.io/v1",
      kind: "ImageStream",
      metadata: { name: "app", namespace: "team-builds" },
      spec: { lookupPolicy: { local: false } },
    });
    assert.match(
      JSON.stringify(stream),
      /"dockerImageRepository":"image-registry\.openshift-image-registry\.svc:5000\/team-builds\/app"/,
      "is told where its images are by the answer to its creation",
    );
  });

  after(() => world.stop());

  describe("builds", () => {
    let commit: string;
    let builder: string;

    before(async () => {
      builder = await provideBuilderImage(cluster);
      const dockerfile = `FROM ${cluster.baseImage}\nCOPY server.js /app/\nCMD ["/app/server.js"]\n`;
      const files = { Dockerfile: dockerfile, "server.js": SERVER };
      commit = git.commit("app", {
        ...files,
        "missing/Dockerfile": `FROM ${cluster.baseImage}\nCOPY nothing /app/\n`,
        "unknown/Dockerfile": "FROM registry.invalid/base:1\n",
        "empty/README": "no program\n",
      });
      privateGit.commit("app", files);
    });

    it("by a repository's Dockerfile at a commit, and says the digest", async () => {
      const { metadata, status } = await run("docker", { ref: commit });
      assert.equal(status?.phase, "Complete", JSON.stringify(status));
      assert.match(status.output?.to?.imageDigest ?? "", /^sha256:[0-9a-f]{64}$/);
      assert.equal(
        status.outputDockerImageReference,
        "image-registry.openshift-image-registry.svc:5000/team-builds/app:docker",
      );
      assert.ok(status.startTimestamp !== undefined && status.completionTimestamp !== undefined);
      const log = await logOf(metadata.name);
      assert.match(log, new RegExp(`Commit:\\s${commit}[^]*COPY server.js[^]*Push successful`));
    });

    it("a repository without one, with a builder image", async () => {
      const strategy = { sourceStrategy: { from: { kind: "DockerImage", name: builder } } };
      const { metadata, status } = await run("source", { strategy });
      assert.equal(status?.phase, "Complete", JSON.stringify(status));
      assert.match(await logOf(metadata.name), /server\.js is there/);
    });

    it("from a private repository, with its secret only", async () => {
      await create("/api/v1/namespaces/team-builds/secrets", {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "git", namespace: "team-builds" },
        type: "kubernetes.io/basic-auth",
        stringData: { username: "ci", password: "s3cret/+" },
      });
      const uri = privateGit.url("app");
      const [allowed, refused] = await Promise.all([
        run("private", { uri, sourceSecret: { name: "git" } }),
        run("stranger", { uri }),
      ]);
      assert.equal(allowed.status?.phase, "Complete", JSON.stringify(allowed.status));
      failed(refused, "FetchSourceFailed", /failed to fetch requested repository .* with provided/);
    });

    it("not a repository that doesn't answer, and quotes git", async () => {
      const build = await run("unreachable", { uri: "https://127.0.0.1:1/app.git" });
      failed(
        build,
        "FetchSourceFailed",
        /error: fatal: unable to access .* Couldn't connect to server/,
      );
      assert.equal(build.status?.message, "Failed to fetch the input source.");
    });

    it("not a folder that isn't there", async () => {
      failed(
        await run("folder", { contextDir: "nowhere" }),
        "InvalidContextDirectory",
        /context directory does not exist: nowhere/,
      );
    });

    it("not a Dockerfile that fails, and quotes the end of the log", async () => {
      const build = await run("missing", { contextDir: "missing" });
      failed(build, "DockerBuildFailed", /COPY failed.*nothing/);
    });

    it("not on a base image that can't be had", async () => {
      const build = await run("unknown", { contextDir: "unknown" });
      failed(build, "PullBuilderImageFailed", /registry\.invalid/);
    });

    it("not when the assemble script fails", async () => {
      const strategy = { sourceStrategy: { from: { kind: "DockerImage", name: builder } } };
      const build = await run("empty", { contextDir: "empty", strategy });
      failed(build, "GenericBuildFailed", /there is no server\.js/);
    });

    it("not into a registry that refuses the push", async () => {
      await namespace("locked");
      await api.delete(`${rbac("locked")}/rolebindings/system:image-builders`);
      await create(streams("locked"), {
        apiVersion: "image.openshift.io/v1",
        kind: "ImageStream",
        metadata: { name: "app", namespace: "locked" },
      });
      const build = await run("refused", { namespace: "locked" });
      failed(build, "PushImageToRegistryFailed", /unauthorized: authentication required/);
    });

    it("nothing more once it is cancelled", async () => {
      const made = await begin("cancelled", { contextDir: "." });
      const cancelled = {
        ...NAMED.Build,
        metadata: { name: made.metadata.name, namespace: "team-builds" },
        status: { cancelled: true },
      };
      await api.apply(pathOf(made), cancelled, "oc");
      const { status } = await over(made);
      assert.deepEqual(
        [status?.phase, status?.reason],
        ["Cancelled", "CancelledBuild"],
        JSON.stringify(status),
      );
    });

    it("waits, new, for an ImageStream to build into", async () => {
      const made = await begin("early", { to: "later:1" });
      const waiting = await eventually(async () => {
        const build = await api.get<Build>(pathOf(made));
        return build?.status?.reason === undefined ? undefined : build;
      });
      assert.deepEqual(
        [waiting.status?.phase, waiting.status?.reason],
        ["New", "InvalidOutputReference"],
      );
      await create(streams("team-builds"), {
        apiVersion: "image.openshift.io/v1",
        kind: "ImageStream",
        metadata: { name: "later", namespace: "team-builds" },
      });
      assert.equal((await over(made)).status?.phase, "Complete");
    });

    interface BuildFacts {
      readonly namespace?: string;
      readonly uri?: string;
      readonly ref?: string;
      readonly contextDir?: string;
      readonly sourceSecret?: { name: string };
      readonly strategy?: object;
      readonly to?: string;
    }

    async function begin(name: string, facts: BuildFacts): Promise<Build> {
      const { namespace = "team-builds", uri = git.url("app"), ref, strategy } = facts;
      const { contextDir, sourceSecret } = facts;
      return create<Build>(`/apis/build.openshift.io/v1/namespaces/${namespace}/builds`, {
        ...NAMED.Build,
        metadata: { name, namespace },
        spec: {
          serviceAccount: "builder",
          completionDeadlineSeconds: 120,
          source: { type: "Git", git: { uri, ref }, contextDir, sourceSecret },
          strategy: strategy ?? { dockerStrategy: { dockerfilePath: "Dockerfile" } },
          output: { to: { kind: "ImageStreamTag", name: facts.to ?? `app:${name}` } },
        },
      });
    }

    const over = (build: Build): Promise<Build> =>
      eventually(async () => {
        const now = await api.get<Build>(pathOf(build));
        return now?.status?.completionTimestamp === undefined ? undefined : now;
      });

    const run = async (name: string, facts: BuildFacts) => over(await begin(name, facts));

    function failed({ status }: Build, reason: string, snippet: RegExp): void {
      assert.deepEqual([status?.phase, status?.reason], ["Failed", reason], JSON.stringify(status));
      assert.match(status?.logSnippet ?? "", snippet);
    }

    const logOf = (name: string): Promise<string> =>
      api.text(`/api/v1/namespaces/team-builds/pods/${name}-build/log`);
  });

  describe("constraints", () => {
    it("give pods a user of their namespace's range, in group 0", async () => {
      await deploy("team", "app");
      await makeRoute("team", "app", {});
      const answer = await eventually(async () => {
        const { status, body } = await ask(`http://app-team.${DOMAIN}/`);
        return status === 200 ? body : undefined;
      });
      const { user, group } = JSON.parse(answer) as { user: number; group: number };
      const { metadata } = (await api.get<Stored>("/api/v1/namespaces/team"))!;
      const [first, size] = (metadata.annotations?.["openshift.io/sa.scc.uid-range"] ?? "")
        .split("/")
        .map(Number) as [number, number];
      assert.ok(first >= 1_000_000_000 && user >= first && user < first + size, `user ${user}`);
      assert.equal(group, 0);
    });

    const refused: readonly [string, object, object, RegExp][] = [
      [
        "a user that is fixed",
        {},
        { runAsUser: 1000 },
        /provider "anyuid": Forbidden: not usable by user or serviceaccount, provider restricted-v2: \.containers\[0\]\.runAsUser: Invalid value: 1000: must be in the ranges: \[\d+, \d+\], provider "restricted"/,
      ],
      [
        "privileged containers",
        {},
        { privileged: true },
        /\.containers\[0\]\.privileged: Invalid value: true: Privileged containers are not allowed/,
      ],
      [
        "capabilities",
        {},
        { capabilities: { add: ["NET_ADMIN"] } },
        /capabilities\.add: Invalid value: "NET_ADMIN": capability may not be added/,
      ],
      [
        "folders of the node",
        { volumes: [{ name: "node", hostPath: { path: "/" } }] },
        {},
        /spec\.volumes\[0\]: Invalid value: "hostPath": hostPath volumes are not allowed to be used/,
      ],
    ];
    for (const [what, spec, securityContext, message] of refused)
      it(`refuse ${what}`, async () => {
        const name = what.replaceAll(" ", "-");
        await deploy("other", name, { spec, securityContext });
        const condition = await eventually(async () => {
          const { status } = (await api.get<Deployment>(deployments("other", name)))!;
          return status?.conditions?.find(({ type }) => type === "ReplicaFailure");
        });
        assert.match(condition.message, /unable to validate against any security context/);
        assert.match(condition.message, message);
        await api.delete(deployments("other", name));
      });

    it("let an account that may use another one have it", async () => {
      await create(`${rbac("other")}/rolebindings`, {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "anyuid", namespace: "other" },
        roleRef: {
          apiGroup: "rbac.authorization.k8s.io",
          kind: "ClusterRole",
          name: "system:openshift:scc:anyuid",
        },
        subjects: [{ kind: "ServiceAccount", name: "default", namespace: "other" }],
      });
      await deploy("other", "fixed", { securityContext: { runAsUser: 1000 } });
      const pod = await eventually(async () => {
        const { items } = (await api.get<{ items: Stored[] }>("/api/v1/namespaces/other/pods"))!;
        return items.find(({ metadata }) => metadata.name.startsWith("fixed-"));
      });
      assert.equal(pod.metadata.annotations?.["openshift.io/scc"], "anyuid");
    });
  });

  describe("routes", () => {
    it("get a host below the router's domain, which leads to it", async () => {
      const route = await admitted("team", "app");
      const [ingress] = route.status?.ingress ?? [];
      assert.equal(route.spec.host, `app-team.${DOMAIN}`);
      assert.equal(ingress?.host, route.spec.host);
      assert.equal(ingress.routerCanonicalHostname, `router-default.${DOMAIN}`);
      const lines = fs.readFileSync(hosts, "utf8").split("\n");
      assert.ok(lines.includes(`${ROUTER} app-team.${DOMAIN}`), lines.join());
    });

    it("answer 503 for a Service without pods, and for nobody's host", async () => {
      await makeRoute("team", "nothing", {});
      await admitted("team", "nothing");
      for (const host of [`nothing-team.${DOMAIN}`, "elsewhere.example.org"]) {
        const { status, body } = await ask(`http://${host}/`);
        assert.equal(status, 503);
        assert.match(body, /Application is not available/);
      }
    });

    it("end TLS with the router's certificate, and redirect plain HTTP", async () => {
      const tls = { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" };
      await makeRoute("team", "secure", { to: "app", tls });
      await admitted("team", "secure");
      const plain = await eventually(async () => {
        const answer = await ask(`http://secure-team.${DOMAIN}/path?query`);
        return answer.status === 503 ? undefined : answer;
      });
      assert.equal(plain.status, 302);
      assert.equal(plain.headers.location, `https://secure-team.${DOMAIN}/path?query`);
      const { status, body } = await ask(`https://secure-team.${DOMAIN}/`, authority.certificate);
      assert.equal(status, 200, body);
      const { headers } = JSON.parse(body) as { headers: Record<string, string> };
      assert.equal(headers["x-forwarded-proto"], "https");
      assert.equal(headers["host"], `secure-team.${DOMAIN}`);
    });

    it("end TLS with a certificate of their own, by SNI, and no plain HTTP", async () => {
      const host = "predict.example.org";
      const own = makeCertificate([host]);
      const tls = { termination: "edge", ...own };
      await makeRoute("team", "own", { to: "app", host, tls });
      await admitted("team", "own");
      const secure = await eventually(async () => {
        const answer = await ask(`https://${host}/`, own.certificate).catch(() => undefined);
        return answer?.status === 200 ? answer : undefined;
      });
      assert.match(secure.body, /"user"/);
      assert.equal((await ask(`http://${host}/`)).status, 503);
      await assert.rejects(ask(`https://${host}/`, authority.certificate), /certificate/);
    });

    it("refuse a key that isn't the certificate's", async () => {
      const host = "wrong.example.org";
      const { certificate } = makeCertificate([host]);
      const { key } = makeCertificate([host]);
      await makeRoute("team", "wrong", {
        to: "app",
        host,
        tls: { termination: "edge", certificate, key },
      });
      const condition = await verdict("team", "wrong");
      assert.deepEqual([condition.status, condition.reason], ["False", "ExtendedValidationFailed"]);
    });

    it("have a host to themselves, until it is free", async () => {
      await makeRoute("other", "claim", { host: `app-team.${DOMAIN}` });
      const { status, reason, message } = await verdict("other", "claim");
      assert.deepEqual([status, reason], ["False", "HostAlreadyClaimed"]);
      assert.match(message ?? "", /a route in another namespace holds app-team\S+ and is older/);
      await makeRoute("team", "free", { host: "free.example.org" });
      await admitted("team", "free");
      // Ages are told in seconds.
      await sleep(1_100);
      await makeRoute("other", "next", { host: "free.example.org" });
      assert.equal((await verdict("other", "next")).status, "False");
      await api.delete(routePath("team", "free"));
      await admitted("other", "next");
    });

    it("lose no request while pods are replaced", async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
      const failures: string[] = [];
      let answered = 0;
      let rolling = true;
      const client = async () => {
        while (rolling) {
          const answer = await ask(`http://app-team.${DOMAIN}/`, undefined, agent).catch(String);
          if (typeof answer === "string" || answer.status !== 200)
            failures.push(typeof answer === "string" ? answer : `${answer.status}`);
          else answered++;
        }
      };
      const clients = Promise.all([client(), client(), client(), client()]);
      try {
        await deploy("team", "app", { generation: "2" });
        await rolledOut("team", "app");
      } finally {
        rolling = false;
        await clients;
        agent.destroy();
      }
      assert.deepEqual(failures, []);
      assert.ok(answered > 100, `${answered} answers`);
    });
  });

  describe("the program on target existing", () => {
    const modelport = (...args: string[]) =>
      world.run([process.execPath, "cli/modelport.js", ...args, "--stack", "company"], {
        timeoutSeconds: 120,
      });

    before(() => {
      const ca = path.join(world.folder, "authority", "ca.pem");
      Object.assign(world.env, { GIT_SSL_CAINFO: ca, NODE_EXTRA_CA_CERTS: ca });
      const { kubeconfig, registry, platform, dockerHost, baseImage } = cluster;
      const existing = {
        kubeconfig,
        registry: { server: registry.server, repository: "company" },
        platform,
        dockerHost,
        baseImage,
      };
      const app = {
        build: { git: { repository: git.url("app"), ref: "main" } },
        health: { live: "/", ready: "/" },
        prediction: { path: "/", body: {}, expect: { group: 0 } },
        tls: "managed",
      };
      const config = {
        "modelport:target": "existing",
        "modelport:existing": existing,
        "modelport:services": { app },
      };
      fs.writeFileSync(path.join(world.checkout, "Pulumi.company.yaml"), stringify({ config }));
    });

    it("builds from Git in the cluster, and serves behind a Route", async () => {
      const { code, stdout, stderr } = await modelport("up", "--json");
      assert.equal(code, 0, stderr);
      const { url, image } = JSON.parse(stdout) as { url: string; image: string };
      assert.equal(url, `https://app-modelport-company.${DOMAIN}`);
      assert.match(
        image,
        /^image-registry\.openshift-image-registry\.svc:5000\/modelport-company-builds\/app@sha256:/,
      );
      assert.equal((await ask(`${url}/`, authority.certificate)).status, 200);
    });

    it("has nothing to change then", async () => {
      const { code, stdout, stderr } = await modelport("preview", "--json");
      assert.equal(code, 0, stderr);
      const { changeSummary } = JSON.parse(stdout) as { changeSummary: Record<string, number> };
      assert.deepEqual(Object.keys(changeSummary), ["same"], JSON.stringify(changeSummary));
    });

    it("takes it all away", async () => {
      const { code, stderr } = await modelport("down");
      assert.equal(code, 0, stderr);
      const { items } = (await api.get<{ items: Stored[] }>("/api/v1/namespaces"))!;
      const left = items.filter(({ metadata }) => metadata.name.startsWith("modelport-"));
      assert.deepEqual(left, []);
    });
  });

  describe("when they are stopped", () => {
    it("leave nothing", async () => {
      const named = networksOf(cluster);
      await openshift.stop();
      const kinds = await Promise.all(
        ["route.openshift.io", "build.openshift.io", "security.openshift.io"].map((group) =>
          eventually(async () => (await api.get(`/apis/${group}`)) === undefined || undefined),
        ),
      );
      assert.equal(kinds.length, 3);
      await assert.rejects(ask(`http://app-team.${DOMAIN}/`), /ECONNREFUSED/);
      await namespace("after", false);
      const own = commandLines().filter((line) =>
        line.includes(path.join(world.folder, "openshift")),
      );
      assert.deepEqual(own, []);
      assert.ok(named.length > 0);
      assert.deepEqual(
        named.filter((name) => fs.existsSync(path.join(NETWORKS, name))),
        [],
      );
    });
  });

  // ── what the tests do ──

  const NAMED = { Build: { apiVersion: "build.openshift.io/v1", kind: "Build" } };
  const rbac = (of: string) => `/apis/rbac.authorization.k8s.io/v1/namespaces/${of}`;
  const streams = (of: string) => `/apis/image.openshift.io/v1/namespaces/${of}/imagestreams`;
  const deployments = (of: string, name: string) =>
    `/apis/apps/v1/namespaces/${of}/deployments/${name}`;
  const routePath = (of: string, name: string) =>
    `/apis/route.openshift.io/v1/namespaces/${of}/routes/${name}`;
  const pathOf = ({ metadata }: Build) =>
    `/apis/build.openshift.io/v1/namespaces/${metadata.namespace}/builds/${metadata.name}`;

  interface Deployment extends Stored {
    status?: {
      observedGeneration?: number;
      updatedReplicas?: number;
      readyReplicas?: number;
      replicas?: number;
      conditions?: { type: string; message: string }[];
    };
  }

  async function create<T = Stored>(collection: string, object: object): Promise<T> {
    const made = await api.create<T>(collection, object);
    assert.ok(made !== undefined, `${collection} has it already`);
    return made;
  }

  /** @param furnished whether to wait until its accounts have what OpenShift gives them */
  async function namespace(name: string, furnished = true): Promise<void> {
    await create("/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    });
    for (const account of furnished ? ["default", "builder"] : [])
      await eventually(async () => {
        const found = await api.get<{ imagePullSecrets?: unknown[] }>(
          `/api/v1/namespaces/${name}/serviceaccounts/${account}`,
        );
        return found?.imagePullSecrets;
      });
  }

  interface Changes {
    readonly spec?: object;
    readonly securityContext?: object;
    readonly generation?: string;
  }

  /** What was built, two pods of it, and their Service. */
  async function deploy(namespace: string, name: string, changes: Changes = {}): Promise<void> {
    const labels = { app: name };
    const { spec, securityContext = {}, generation = "1" } = changes;
    const stream = await api.get<{
      status: { tags: { tag: string; items: { image: string }[] }[] };
    }>(`${streams("team-builds")}/app`);
    const digest = stream?.status.tags.find(({ tag }) => tag === "docker")?.items[0]?.image ?? "";
    const image = `image-registry.openshift-image-registry.svc:5000/team-builds/app@${digest}`;
    await api.apply(deployments(namespace, name), {
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
                lifecycle: { preStop: { sleep: { seconds: 2 } } },
                securityContext,
              },
            ],
            ...spec,
          },
        },
      },
    });
    await api.apply(`/api/v1/namespaces/${namespace}/services/${name}`, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
    });
  }

  const rolledOut = (of: string, name: string) =>
    eventually(async () => {
      const { metadata, status } = (await api.get<
        Deployment & { metadata: { generation: number } }
      >(deployments(of, name)))!;
      const { observedGeneration, updatedReplicas, readyReplicas, replicas } = status ?? {};
      return observedGeneration === metadata.generation &&
        [updatedReplicas, readyReplicas, replicas].every((count) => count === 2)
        ? true
        : undefined;
    });

  async function makeRoute(
    namespace: string,
    name: string,
    { to = name, host, tls }: { to?: string; host?: string; tls?: object },
  ): Promise<void> {
    await create(`/apis/route.openshift.io/v1/namespaces/${namespace}/routes`, {
      apiVersion: "route.openshift.io/v1",
      kind: "Route",
      metadata: { name, namespace },
      spec: { host, to: { kind: "Service", name: to }, port: { targetPort: "http" }, tls },
    });
  }

  const verdict = (of: string, name: string) =>
    eventually(async () => {
      const route = await api.get<Route>(routePath(of, name));
      return route?.status?.ingress?.[0]?.conditions[0];
    });

  const admitted = (of: string, name: string) =>
    eventually(async () => {
      const route = await api.get<Route>(routePath(of, name));
      return route?.status?.ingress?.[0]?.conditions[0]?.status === "True" ? route : undefined;
    });

  interface Answer {
    readonly status: number;
    readonly headers: http.IncomingHttpHeaders;
    readonly body: string;
  }

  /** Asks the router, as who looked the host up in DNS. */
  function ask(url: string, ca?: string, agent?: http.Agent): Promise<Answer> {
    const { protocol, hostname, pathname, search } = new URL(url);
    const options = {
      host: ROUTER,
      path: `${pathname}${search}`,
      headers: { host: hostname },
      ...(agent === undefined ? {} : { agent }),
    };
    return new Promise((resolve, reject) => {
      const request =
        protocol === "https:"
          ? https.get({ ...options, servername: hostname, ca })
          : http.get(options);
      request.once("error", reject);
      request.once("response", (response) => {
        const { statusCode: status = 0, headers } = response;
        text(response).then((body) => resolve({ status, headers, body }), reject);
      });
    });
  }
});

/** Names of the network that a cluster's pods are in. */
function networksOf({ supervisor }: ClusterInfo): string[] {
  const inside = childrenOf(supervisor.pid)
    .flatMap(childrenOf)
    .map((pid) => fs.statSync(`/proc/${pid}/ns/net`, { throwIfNoEntry: false })?.ino);
  return fs
    .readdirSync(NETWORKS)
    .filter((name) =>
      inside.includes(fs.statSync(path.join(NETWORKS, name), { throwIfNoEntry: false })?.ino),
    );
}

function commandLines(): string[] {
  return fs.readdirSync("/proc").flatMap((pid) => {
    try {
      return [fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
    } catch {
      return [];
    }
  });
}

/** @returns what it looks for, as soon as it is there */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < end, `not within ${WAIT_MS / 1000} s`);
    await sleep(50);
  }
}
