import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { Secret } from "@pulumi/kubernetes/core/v1";
import type { FrontSettings } from "../../../infra/components/front";
import { InferenceService } from "../../../infra/components/inference-service";
import { ServiceNamespace } from "../../../infra/components/service-namespace";
import type { Proof } from "../../../infra/components/smoke";
import type { Exposure } from "../../../infra/config/service";
import type { Cluster, Front, FrontArgs } from "../../../infra/targets/target";
import { makeCertificate } from "../../support/certificate";
import { kubeconfig, serve, type Answer, type TestServer } from "./support/balancer";
import { run, type Ran } from "./support/mocks";

const proof: Proof = {
  requests: [{ path: "/predict", body: {}, fault: () => undefined }],
  headers: {},
};

const own = makeCertificate(["iris.example.com"]);

interface Scene {
  readonly exposure: Exposure;
  readonly front?: FrontSettings;
  /** What the target answers. Default: it has no say. */
  readonly platform?: Front;
  readonly preview?: boolean;
  /** The API server's. Default: there is none. */
  readonly api?: number;
}

/** One service behind that front; what the target was asked, and the Service's options, too. */
async function register(
  scene: Scene,
): Promise<Ran & { asked: FrontArgs[]; options: pulumi.CustomResourceOptions }> {
  const asked: FrontArgs[] = [];
  let options: pulumi.CustomResourceOptions = {};
  const noteOptions: pulumi.ResourceTransformation = ({ type, opts }) => {
    if (type === "kubernetes:core/v1:Service") options = opts;
    return undefined;
  };
  const program = (): pulumi.Inputs => {
    const provider = new Provider("cluster");
    const { platform } = scene;
    const reserved =
      platform === undefined ? [] : [new Secret("reserved", { metadata: { name: "r" } })];
    const cluster: Cluster = {
      provider,
      kubeconfig: pulumi.secret(kubeconfig(scene.api ?? 64_999)),
      images: { kind: "registry", server: "r.example.com", repository: (name) => name },
      nodeAddresses: () => {
        if (scene.exposure !== "NodePort") throw new Error("nodes are asked for a NodePort only");
        return pulumi.output([]);
      },
      ...(platform === undefined
        ? {}
        : {
            front: (args: FrontArgs) => {
              asked.push(args);
              return { ...platform, dependsOn: reserved };
            },
          }),
    };
    const { images } = cluster;
    const namespace = new ServiceNamespace("ns", { name: "ns", stack: "test", provider, images });
    const service = new InferenceService(
      "iris",
      {
        identity: { stack: "test", service: "iris" },
        namespace,
        cluster,
        network: { to: [] },
        image: "r.example.com/iris@sha256:0",
        exposure: scene.exposure,
        ...(scene.front === undefined ? {} : { front: scene.front }),
        nodePortsReachable: true,
        replicas: 1,
        port: 8080,
        health: { live: "/healthz", ready: "/readyz" },
        resources: { cpu: "100m", cpuLimit: "1", memory: "160Mi", memoryLimit: "320Mi" },
        env: {},
        proof,
        limits: {
          silentMs: 200,
          wrongMs: 100,
          pauseMs: 10,
          requestMs: 60_000,
          balancerMs: 150,
          address: { totalMs: 100, pauseMs: 10, refusedMs: 50 },
        },
      },
      { transformations: [noteOptions] },
    );
    return { url: service.url, reachableFrom: service.reachableFrom };
  };
  const ran = await run(program, { preview: scene.preview ?? true, config: {} });
  return { ...ran, asked, options };
}

const find = ({ recorded }: Ran, kind: string) => {
  const found = recorded.filter(({ type }) => type.endsWith(`:${kind}`));
  assert.equal(found.length, 1, `one ${kind}`);
  return found[0]!;
};

describe("the front of a service", () => {
  it("is what the target wants of it, after what the target wants before it", async () => {
    const ran = await register({
      exposure: "LoadBalancer",
      front: { internal: true },
      platform: {
        reachableFrom: "vpc",
        serviceAnnotations: { "example.com/internal": "true" },
        loadBalancerIp: "10.0.0.7",
      },
    });
    const { inputs, dependencies, parent } = find(ran, "Service");
    const { metadata, spec } = inputs as { metadata: Record<string, object>; spec: object };
    assert.deepEqual(metadata["annotations"], {
      "pulumi.com/skipAwait": "true",
      "example.com/internal": "true",
    });
    assert.equal((spec as { loadBalancerIP: string }).loadBalancerIP, "10.0.0.7");
    assert.ok(dependencies.includes("kubernetes:core/v1:Secret::reserved"));
    assert.equal(parent, "modelport:index:InferenceService::iris");
    const [asked] = ran.asked;
    assert.deepEqual(
      { exposure: asked?.exposure, internal: asked?.internal, health: asked?.health },
      { exposure: "LoadBalancer", internal: true, health: { path: "/readyz", port: 8080 } },
    );
  });

  it("is made anew where the target wants another kind of balancer, and only there", async () => {
    const platform: Front = {
      reachableFrom: "vpc",
      serviceAnnotations: { "example.com/type": "Internal" },
    };
    const balancer = await register({ exposure: "LoadBalancer", platform });
    assert.deepEqual(balancer.options.replaceOnChanges, [
      'metadata.annotations["example.com/type"]',
    ]);
    assert.equal(balancer.options.deleteBeforeReplace, true);
    const { options } = await register({ exposure: "Ingress", platform });
    assert.deepEqual(
      [options.replaceOnChanges, options.deleteBeforeReplace],
      [undefined, undefined],
    );
  });

  it("is the target's to say for every exposure", async () => {
    for (const exposure of ["NodePort", "ClusterIP", "Ingress", "Route"] as const) {
      const { asked } = await register({ exposure, platform: { reachableFrom: "internet" } });
      assert.deepEqual(
        asked.map((args) => args.exposure),
        [exposure],
      );
    }
  });

  const given = { kind: "given", ...own } as const;

  it("is an Ingress with the user's certificate in a Secret", async () => {
    const ran = await register({
      exposure: "Ingress",
      front: { internal: false, host: "iris.example.com", tls: given },
      platform: { reachableFrom: "internet", ingress: { className: "nginx", tlsSecret: "theirs" } },
    });
    const { inputs, dependencies } = find(ran, "Ingress");
    assert.deepEqual((inputs["spec"] as { tls: object }).tls, [
      { hosts: ["iris.example.com"], secretName: "iris-own-tls" },
    ]);
    assert.ok(dependencies.includes("kubernetes:core/v1:Secret::iris-tls"));
    assert.equal(ran.asked[0]?.tls, "given");
    assert.ok(!JSON.stringify(ran.recorded).includes("PRIVATE KEY"), "the key is a secret");
  });

  it("is an Ingress with the platform's certificate where TLS is wanted", async () => {
    const platform: Front = {
      reachableFrom: "internet",
      ingress: { host: "iris.apps.example.com", tlsSecret: "theirs" },
    };
    const tlsOf = async (front: FrontSettings) => {
      const { inputs } = find(await register({ exposure: "Ingress", front, platform }), "Ingress");
      return (inputs["spec"] as { tls?: object }).tls;
    };
    assert.deepEqual(await tlsOf({ internal: false, tls: { kind: "managed" } }), [
      { hosts: ["iris.apps.example.com"], secretName: "theirs" },
    ]);
    assert.equal(await tlsOf({ internal: false }), undefined);
  });

  it("is a Route, whose key is a secret", async () => {
    const ran = await register({
      exposure: "Route",
      front: { internal: false, host: "iris.example.com", tls: given },
    });
    const { type, inputs } = find(ran, "Route");
    assert.equal(type, "kubernetes:route.openshift.io/v1:Route");
    assert.equal((inputs["spec"] as { tls: { key: string } }).tls.key, "<secret>");
    assert.ok(!JSON.stringify(ran.recorded).includes("PRIVATE KEY"));
    assert.equal((find(ran, "Service").inputs["spec"] as { type: string }).type, "ClusterIP");
  });
});

describe("an address in a preview", () => {
  const url = async (scene: Scene) => (await register(scene)).outputs["url"];
  const unknown = () => pulumi.output(pulumi.unknown as unknown as string);

  it("is unknown until somebody knows it", async () => {
    for (const exposure of ["LoadBalancer", "Ingress", "Route"] as const)
      assert.equal(await url({ exposure }), undefined, exposure);
    const ingress = { host: unknown() };
    assert.equal(
      await url({ exposure: "Ingress", platform: { reachableFrom: "internet", ingress } }),
      undefined,
    );
  });

  it("is known from config, or from what the platform has reserved", async () => {
    const host = "iris.example.com";
    const tls = { kind: "managed" } as const;
    const platform = { reachableFrom: "internet", loadBalancerIp: "192.0.2.7" } as const;
    assert.equal(await url({ exposure: "LoadBalancer", platform }), "http://192.0.2.7");
    assert.equal(
      await url({ exposure: "Ingress", front: { internal: false, host, tls } }),
      "https://iris.example.com",
    );
    assert.equal(
      await url({ exposure: "Route", front: { internal: false, host } }),
      "http://iris.example.com",
    );
  });
});

describe("an address in an update", () => {
  const servers: TestServer[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  const api = async (answer: Answer) => {
    const server = await serve(answer);
    servers.push(server);
    return server;
  };
  /** Of a group: this machine itself refuses to connect there, at once and in every network. */
  const NOWHERE = "224.0.0.7";
  const status = { loadBalancer: { ingress: [{ ip: NOWHERE }] } };

  it("is the balancer's; a private one is proven from inside", async () => {
    const { port, seen } = await api(() => [200, { status }]);
    const { outputs } = await register({
      exposure: "LoadBalancer",
      front: { internal: true },
      platform: { reachableFrom: "vpc", loadBalancerIp: NOWHERE },
      preview: false,
      api: port,
    });
    assert.deepEqual(outputs, { url: `http://${NOWHERE}`, reachableFrom: "vpc" });
    assert.ok(seen.some(({ url }) => url.endsWith("/services/http:iris:http/proxy/predict")));
  });

  it("is not told while a managed certificate is missing", async () => {
    const { port } = await api(() => [200, { status }]);
    const { outputs } = await register({
      exposure: "Ingress",
      front: { internal: false, host: "iris.example.invalid", tls: { kind: "managed" } },
      preview: false,
      api: port,
    });
    assert.equal(outputs["reachableFrom"], "cluster");
  });

  describe("with a patience of the user's", () => {
    const wait = async (addressSeconds: number, platform: Front) => {
      const { port } = await api(({ url }, count) => [
        200,
        url.includes("/proxy/") || count > 3 ? { status } : { status: { loadBalancer: {} } },
      ]);
      const front = { internal: false, addressSeconds };
      return register({ exposure: "LoadBalancer", front, platform, preview: false, api: port });
    };

    it("is waited for as long as that says, and no longer", async () => {
      const quick = await wait(300, { reachableFrom: "vpc", patienceSeconds: 0 });
      assert.equal(quick.outputs["url"], `http://${NOWHERE}`);
      const slow = wait(0, { reachableFrom: "vpc", patienceSeconds: 2 });
      await assert.rejects(slow, /was given no address/);
    });
  });

  it("is waited for as long as the platform may take", async () => {
    const { port } = await api(({ url }, count) => [
      200,
      // More questions than fit into the patience with any other platform.
      url.includes("/proxy/") || count > 30 ? { status } : { status: { loadBalancer: {} } },
    ]);
    const { outputs } = await register({
      exposure: "LoadBalancer",
      platform: { reachableFrom: "vpc", patienceSeconds: 300 },
      preview: false,
      api: port,
    });
    assert.equal(outputs["url"], `http://${NOWHERE}`);
  });

  it("fails when the platform withholds it", async () => {
    const { port } = await api(() => [200, { status: { loadBalancer: {} } }]);
    await assert.rejects(
      register({ exposure: "LoadBalancer", preview: false, api: port }),
      /service iris was given no address by its LoadBalancer/,
    );
  });
});
