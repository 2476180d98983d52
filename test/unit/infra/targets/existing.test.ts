import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { existing as schema } from "../../../../infra/config/targets/existing";
import { setOffline } from "../../../../infra/offline-mode";
import { existing } from "../../../../infra/targets/existing";
import { placeOfHost } from "../../../../infra/targets/existing/addresses";
import type { Front, FrontArgs, Target, TlsKind } from "../../../../infra/targets/target";
import { run } from "../support/mocks";

const OPENSHIFT = [
  "route.openshift.io",
  "build.openshift.io",
  "image.openshift.io",
  "security.openshift.io",
];

describe("target existing", () => {
  let server: http.Server;
  let groups: string[];
  let status: number;
  let version: object;
  let asked: string[];
  before(async () => {
    server = http.createServer((request, response) => {
      asked.push(request.url ?? "");
      response.statusCode = status;
      response.setHeader("connection", "close");
      const lists = { groups: groups.map((name) => ({ name })) };
      response.end(JSON.stringify(request.url === "/version" ? version : lists));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  beforeEach(() => {
    groups = ["apps"];
    status = 200;
    version = { major: "1", minor: "34" };
    asked = [];
  });
  after(() => server.close());

  const config = (settings: Record<string, unknown> = {}) => {
    const { port } = server.address() as AddressInfo;
    const kubeconfig = [
      "current-context: c",
      `clusters: [{name: c, cluster: {server: "http://127.0.0.1:${port}"}}]`,
      "contexts: [{name: c, context: {cluster: c, user: u}}]",
      "users: [{name: u, user: {token: t}}]",
      "",
    ].join("\n");
    return schema.parse({ kubeconfig, registry: { server: "registry.example.com" }, ...settings });
  };
  const target = (settings?: Record<string, unknown>) => existing(config(settings));

  it("is a plain Kubernetes where no more APIs are served", async () => {
    const { capabilities, defaultExposure, podSecurity } = await target();
    assert.deepEqual(capabilities.exposures, ["NodePort", "ClusterIP"]);
    assert.deepEqual(
      [defaultExposure, capabilities.gitBuild, capabilities.customMetrics, capabilities.tls],
      ["NodePort", false, false, ["given"]],
    );
    assert.ok(Number(podSecurity.runAsUser) >= 10_000);
    assert.deepEqual(asked.sort(), ["/apis", "/version"], "nothing else is asked");
  });

  it("is an OpenShift where its APIs are: Routes, builds from Git, no fixed user", async () => {
    groups = ["apps", ...OPENSHIFT];
    const { capabilities, defaultExposure, podSecurity } = await target();
    assert.deepEqual(capabilities.exposures, ["Route", "NodePort", "ClusterIP"]);
    assert.deepEqual(
      [defaultExposure, capabilities.gitBuild, capabilities.tls, podSecurity],
      ["Route", true, ["managed", "given"], {}],
    );
  });

  it("has managed certificates where something issues them: a router, or an Ingress' issuer", async () => {
    const managed = async (settings: object) =>
      (await target({ ingress: { className: "nginx", ...settings } })).capabilities.managedTls;
    assert.deepEqual(await managed({}), []);
    assert.deepEqual(await managed({ clusterIssuer: "letsencrypt" }), ["Ingress"]);
    groups = ["apps", ...OPENSHIFT];
    assert.deepEqual(await managed({}), ["Route"]);
    assert.deepEqual(await managed({ clusterIssuer: "letsencrypt" }), ["Route", "Ingress"]);
  });

  it("has one address for all Ingresses, which a domain tells apart", async () => {
    const shared = async (settings: Record<string, unknown>) =>
      (await target(settings)).capabilities.sharedIngress;
    assert.equal(await shared({}), false);
    assert.equal(await shared({ ingress: { className: "nginx" } }), true);
    assert.equal(await shared({ ingress: { domain: "apps.example.com" } }), false);
  });

  it("can't build where only half of what a build needs is served", async () => {
    groups = OPENSHIFT.filter((name) => name !== "image.openshift.io");
    assert.equal((await target()).capabilities.gitBuild, false);
  });

  it("has custom metrics where something serves them", async () => {
    groups.push("custom.metrics.k8s.io");
    assert.equal((await target()).capabilities.customMetrics, true);
    assert.equal((await target()).capabilities.cpuMetrics, false);
    groups = ["apps", "metrics.k8s.io"];
    assert.equal((await target()).capabilities.cpuMetrics, true);
  });

  it("has what only the config can know, and says which key where it hasn't", async () => {
    const more = await target({ loadBalancer: true, ingress: { className: "nginx" } });
    assert.deepEqual(more.capabilities.exposures, [
      "LoadBalancer",
      "Ingress",
      "NodePort",
      "ClusterIP",
    ]);
    assert.deepEqual(Object.keys(more.capabilities.refusals ?? {}), ["Route"]);
    const { refusals } = (await target()).capabilities;
    assert.match(refusals?.LoadBalancer?.fix ?? "", /existing\.loadBalancer' 'true'/);
    assert.match(refusals?.Ingress?.fix ?? "", /existing\.ingress\.className'/);
  });

  it("knows nothing of a cluster that tells nothing", async () => {
    status = 403;
    groups = OPENSHIFT;
    assert.equal((await target()).capabilities.gitBuild, false);
  });

  it("refuses a cluster that is too old for the pods, before anything is built", async () => {
    version = { major: "1", minor: "29+" };
    await assert.rejects(target(), /"c" has Kubernetes 1\.29\+[\s\S]*preStop\.sleep.*1\.30/);
    for (const right of [{ major: "1", minor: "30+" }, { major: "2", minor: "0" }, {}]) {
      version = right;
      await target();
    }
  });

  it("refuses a cluster that refuses the login", async () => {
    status = 401;
    await assert.rejects(target(), /"c" does not answer[\s\S]*refused \(401\)[\s\S]*log in again/);
  });

  it("is in an offline run what the config says, and asks nobody", async () => {
    setOffline(true);
    try {
      assert.equal((await target({ openshift: true })).defaultExposure, "Route");
      assert.equal((await target()).defaultExposure, "NodePort");
      assert.deepEqual(asked, []);
    } finally {
      setOffline(false);
    }
  });

  describe("puts in front of a service", () => {
    const register = async (settings: Record<string, unknown>, args: Partial<FrontArgs>) => {
      let made: Front | undefined;
      const ready: Target = await target(settings);
      const { recorded } = await run(
        () => {
          made = ready.provision("test").front?.({
            service: "iris",
            namespace: "modelport-test",
            stack: "test",
            exposure: "Ingress",
            internal: false,
            health: { path: "/readyz", port: 8080 },
            parent: new pulumi.ComponentResource("modelport:index:InferenceService", "iris"),
            dependsOn: [],
            ...args,
          });
          return {};
        },
        { preview: true, config: {} },
      );
      return { made, recorded };
    };
    const front = async (...args: Parameters<typeof register>) => (await register(...args)).made;

    it("is a repository in lower case, whatever the stack is called", async () => {
      const ready = await target();
      let repository: string | undefined;
      await run(
        () => {
          repository = ready.provision("Prod_EU").images.repository("iris");
          return {};
        },
        { preview: true, config: {} },
      );
      assert.match(repository ?? "", /^registry\.example\.com\/[a-z0-9]+\/[a-z0-9-]+\/iris$/);
    });

    it("a name below the cluster's domain, of the class", async () =>
      assert.deepEqual(
        (await front({ ingress: { className: "nginx", domain: "apps.example.com" } }, {}))?.ingress,
        { className: "nginx", host: "iris-modelport-test.apps.example.com" },
      ));

    it("cert-manager's certificate where one is managed", async () => {
      const ingress = { clusterIssuer: "letsencrypt" };
      assert.deepEqual((await front({ ingress }, { tls: "managed" }))?.ingress, {
        annotations: { "cert-manager.io/cluster-issuer": "letsencrypt" },
        tlsSecret: "iris-tls",
      });
      assert.deepEqual((await front({ ingress }, { tls: "given" }))?.ingress, {});
    });

    it("a way in for the pods that answer the issuer, where there is one", async () => {
      const ingress = { clusterIssuer: "letsencrypt" };
      const policies = async (tls: TlsKind) => {
        const { made, recorded } = await register({ ingress }, { tls });
        const found = recorded.filter(({ type }) => type.endsWith(":NetworkPolicy"));
        assert.equal(made?.dependsOn?.length ?? 0, found.length, "it is there before the Ingress");
        return found;
      };
      const [policy, ...more] = await policies("managed");
      assert.deepEqual(policy?.inputs["spec"], {
        podSelector: { matchLabels: { "acme.cert-manager.io/http01-solver": "true" } },
        policyTypes: ["Ingress"],
        ingress: [{ ports: [{ port: 8089, protocol: "TCP" }] }],
      });
      assert.equal(policy.parent, "modelport:index:InferenceService::iris");
      assert.deepEqual([...more, ...(await policies("given"))], []);
    });

    it("a balancer that is where the API server is", async () =>
      assert.deepEqual(await front({ loadBalancer: true }, { exposure: "LoadBalancer" }), {
        reachableFrom: "machine",
        answersHere: true,
      }));
  });

  it("tells from an address where it is reachable from", () =>
    assert.deepEqual(
      [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "172.20.0.1",
        "172.32.0.1",
        "100.64.0.1",
        "fd00::1",
        "8.8.8.8",
      ].map((host) => placeOfHost(host)),
      ["machine", "machine", "vpc", "vpc", "internet", "vpc", "vpc", "internet"],
    ));
});
