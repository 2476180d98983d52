import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import * as net from "node:net";
import { isDeepStrictEqual } from "node:util";
import { program } from "../../../infra/index";
import { readModel } from "../../../infra/models";
import { DIGEST, run, type Registered } from "./support/mocks";
import { writeRunningCluster } from "./support/running-cluster";
import { restoreVariables } from "../../support/environment";

const ROOT = path.join(__dirname, "..", "..", "..");
const TARGETS = ["embedded", "existing", "minikube"] as const;
type TargetName = (typeof TARGETS)[number];

describe("the program", () => {
  const saved = { ...process.env };
  let home: string;
  let server: http.Server;
  let port: number;
  /** Stands for the Docker daemon of an embedded cluster. */
  let builder: net.Server;
  let requests: string[];
  let keys: unknown[];
  let needsKey: boolean;
  let answer: (url: string, rows: number) => unknown;

  /** Stands for pods behind a NodePort, for the API server's proxy, and for its list of nodes. */
  before(async () => {
    server = http.createServer((request, response) => {
      requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
      keys.push(request.headers["x-api-key"]);
      response.setHeader("connection", "close");
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const { instances } = JSON.parse(body || "{}") as { instances?: unknown[] };
        if (needsKey && request.headers["x-api-key"] === undefined) response.statusCode = 401;
        response.end(JSON.stringify(answer(request.url ?? "", instances?.length ?? 0)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as net.AddressInfo);
    // Staging copies the server's bundle.
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
  });
  after(() => server.close());

  beforeEach(() => {
    requests = [];
    keys = [];
    needsKey = false;
    answer = (url, rows) =>
      url.startsWith("/api/v1/nodes")
        ? { items: [{ status: { addresses: [{ type: "InternalIP", address: "127.0.0.1" }] } }] }
        : answerOf("iris", rows);
    home = fs.mkdtempSync(path.join(os.tmpdir(), "program-"));
    process.env["XDG_STATE_HOME"] = home;
    builder = net.createServer().listen(path.join(home, "docker.sock"));
    process.env["MODELPORT_DOCKER"] = path.join(home, "docker");
    fs.writeFileSync(path.join(home, "docker"), "#!/bin/sh\necho 28.0.0\n", { mode: 0o755 });
    writeRunningCluster(home, kubeconfig());
  });
  afterEach(() => {
    builder.close();
    restoreVariables(saved);
    fs.rmSync(home, { recursive: true });
  });

  const answerOf = (model: string, rows: number) => {
    const { version, golden } = readModel(ROOT, model).versions.at(-1)!;
    const predictions = golden.requests.slice(0, rows).map(({ prediction }) => prediction);
    return { model, version, predictions };
  };

  const kubeconfig = () =>
    JSON.stringify({
      "current-context": "c",
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: { token: "t" } }],
    });

  function config(target: TargetName, service: Record<string, unknown> = {}) {
    return {
      target,
      services: { iris: { models: ["iris"], ...service } },
      ...(target === "existing"
        ? {
            existing: {
              kubeconfig: `${kubeconfig()}\n`,
              registry: { server: "registry.example.com" },
            },
          }
        : {}),
    };
  }

  const up = (target: TargetName, service: Record<string, unknown> = {}) =>
    run(program, {
      preview: false,
      config: config(target, service),
      nodePort: port,
      kubeconfig: kubeconfig(),
    });
  const preview = (target: TargetName, service: Record<string, unknown> = {}) =>
    run(program, { preview: true, config: config(target, service) });
  const types = (resources: readonly Registered[]) => resources.map(({ type }) => type).sort();
  const one = (resources: readonly Registered[], type: string) => {
    const found = resources.filter((resource) => resource.type === type);
    assert.equal(found.length, 1, type);
    return found[0]!.inputs;
  };

  for (const target of TARGETS)
    describe(`target ${target}`, () => {
      it("registers the same in a preview and in an update", async () => {
        const planned = await preview(target);
        const done = await up(target);
        assert.deepEqual(types(planned.resources), types(done.resources));
        assert.ok(done.resources.length >= 12);
      });

      it("asks no service in a preview, and promises no address that isn't known", async () => {
        const { outputs } = await preview(target);
        assert.deepEqual(
          requests.filter((line) => line.startsWith("POST")),
          [],
        );
        assert.equal(outputs["target"], target);
        assert.equal(outputs["url"], undefined);
        assert.equal(outputs["image"], undefined);
      });

      it("tells an address after a real prediction through it", async () => {
        const { outputs } = await up(target);
        const iris = (outputs["services"] as Record<string, Record<string, unknown>>)["iris"]!;
        assert.equal(outputs["url"], `http://127.0.0.1:${port}`);
        assert.deepEqual(
          [iris["url"], iris["reachableFrom"], iris["models"], iris["namespace"]],
          [outputs["url"], "machine", ["iris"], "modelport-test"],
        );
        assert.equal(iris["image"], outputs["image"]);
        assert.deepEqual(
          requests.filter((line) => line.startsWith("POST")),
          ["POST /predict"],
        );
      });

      it("proves a ClusterIP from inside", async () => {
        const { outputs } = await up(target, { exposure: "ClusterIP" });
        const iris = (outputs["services"] as Record<string, Record<string, unknown>>)["iris"]!;
        assert.equal(iris["reachableFrom"], "cluster");
        assert.equal(iris["url"], "http://iris.modelport-test.svc.cluster.local");
        assert.ok(requests.some((line) => line.includes("/services/http:iris:http/proxy/predict")));
      });

      it("deploys one exact image that was made for its nodes", async () => {
        const { resources } = await up(target);
        const image = one(resources, "docker:index/image:Image");
        const build = image["build"] as Record<string, unknown>;
        assert.equal(
          build["platform"],
          process.arch === "arm64" && target === "minikube" ? "linux/arm64" : "linux/amd64",
        );
        assert.equal(build["context"], "../.modelport/contexts/test/iris");
        assert.match(String(image["imageName"]), /iris:[0-9a-f]{16}$/);
        const pod = podSpec(resources);
        const [container] = pod["containers"] as Record<string, unknown>[];
        const loaded = image["skipPush"] === true;
        assert.match(
          String(container!["image"]),
          loaded ? /:[0-9a-f]{16}$/ : new RegExp(`@${DIGEST}$`),
        );
        assert.equal(container!["imagePullPolicy"], loaded ? "Never" : "IfNotPresent");
      });

      it("runs pods that restricted admits, with a user no system account has", async () => {
        const { resources } = await up(target);
        const { runAsUser, runAsNonRoot } = podSpec(resources)["securityContext"] as Record<
          string,
          unknown
        >;
        assert.equal(runAsNonRoot, true);
        assert.ok(Number(runAsUser) >= 10_000);
        const { metadata } = one(resources, "kubernetes:core/v1:Namespace");
        const { labels } = metadata as { labels: Record<string, string> };
        assert.equal(labels["pod-security.kubernetes.io/enforce"], "restricted");
      });

      it("labels everything with its stack", async () => {
        const { resources } = await up(target);
        for (const { type, inputs } of resources.filter((r) => r.type.startsWith("kubernetes:"))) {
          const { labels } = inputs["metadata"] as { labels: Record<string, string> };
          assert.equal(labels["app.kubernetes.io/instance"], "test", type);
          assert.equal(labels["app.kubernetes.io/part-of"], "modelport", type);
        }
      });
    });

  interface Template {
    metadata: { annotations: object };
    spec: Record<string, unknown>;
  }

  /** Of the Deployment; where a variable is a secret, Pulumi wraps its whole spec. */
  function podTemplate(resources: readonly Registered[]): Template {
    const { spec } = one(resources, "kubernetes:apps/v1:Deployment");
    const given = spec as { template?: Template; value?: { template: Template } };
    const template = given.template ?? given.value?.template;
    assert.ok(template);
    return template;
  }

  const podSpec = (resources: readonly Registered[]) => podTemplate(resources).spec;

  it("has a disruption budget from two replicas on", async () => {
    const type = "kubernetes:policy/v1:PodDisruptionBudget";
    assert.ok(types((await preview("embedded")).resources).includes(type));
    assert.ok(!types((await preview("embedded", { replicas: 1 })).resources).includes(type));
  });

  it("makes the pull secret from a registry's login, and uses it", async () => {
    process.env["PULUMI_CONFIG_SECRET_KEYS"] = '["modelport:existing"]';
    const base = config("existing");
    const registry = { server: "registry.example.com", user: "me", password: "hidden" };
    const { resources } = await run(program, {
      preview: false,
      config: { ...base, existing: { ...base.existing, registry } },
      nodePort: port,
    });
    assert.deepEqual(podSpec(resources)["imagePullSecrets"], [{ name: "registry" }]);
    const { type } = one(resources, "kubernetes:core/v1:Secret");
    assert.equal(type, "kubernetes.io/dockerconfigjson");
  });

  it("shares one namespace and one builder among services, and builds no ready image", async () => {
    const own = {
      image: `registry.example.com/own@${DIGEST}`,
      prediction: { body: {} },
      namespace: "elsewhere",
    };
    const services = { iris: { models: ["iris"] }, again: { models: ["iris"] }, own };
    const { resources } = await run(program, {
      preview: true,
      config: { target: "embedded", services },
    });
    const count = (type: string) => resources.filter((resource) => resource.type === type).length;
    assert.deepEqual(
      [
        "kubernetes:core/v1:Namespace",
        "pulumi:providers:docker",
        "docker:index/image:Image",
        "kubernetes:apps/v1:Deployment",
      ].map(count),
      [2, 1, 2, 3],
    );
  });

  describe("API keys", () => {
    const key = "a-key-that-nobody-guesses";
    const withKey = { apiKeys: { me: key }, server: { rateLimit: 5 } };
    beforeEach(() => (process.env["PULUMI_CONFIG_SECRET_KEYS"] = '["modelport:services"]'));

    it("are sent with the proof, and reach the cluster as hashes in a mounted file only", async () => {
      needsKey = true;
      const { resources } = await up("embedded", withKey);
      assert.deepEqual(keys, [key, undefined], "also proven: nobody is answered without one");
      assert.doesNotMatch(JSON.stringify(resources), new RegExp(key));
      const secret = one(resources, "kubernetes:core/v1:Secret");
      const { value } = secret["stringData"] as { value: { keys: string } };
      const hash = createHash("sha256").update(key).digest("hex");
      assert.equal(value.keys, `me ${hash}\n`);
      const pod = podSpec(resources);
      const [container] = pod["containers"] as { env: { name: string; value: string }[] }[];
      const variable = (name: string) => container!.env.find((one) => one.name === name)?.value;
      assert.equal(variable("API_KEYS_FILE"), "/run/modelport/api-keys/keys");
      assert.equal(variable("RATE_LIMIT"), "5");
      assert.equal(
        (pod["volumes"] as { secret: { secretName: string } }[])[0]!.secret.secretName,
        "iris-api-keys",
      );
    });

    it("roll the pods when they change, and only then", async () => {
      const note = async (apiKeys: Record<string, string>) => {
        const { resources } = await preview("embedded", { apiKeys });
        return JSON.stringify(podTemplate(resources).metadata.annotations);
      };
      const first = await note({ me: key });
      assert.equal(await note({ me: key }), first);
      assert.notEqual(await note({ me: `${key}2` }), first);
    });
  });

  describe("several models in a service", () => {
    const models = { models: ["iris", "spam", "and-gate"] };

    it("are all proven, the default one by a plain request", async () => {
      answer = (url, rows) =>
        answerOf(new URL(url, "http://x").searchParams.get("model") ?? "iris", rows);
      await up("embedded", models);
      assert.deepEqual(
        requests.filter((line) => line.startsWith("POST")),
        [
          "POST /predict",
          "POST /predict?model=spam&version=1",
          "POST /predict?model=and-gate&version=1",
        ],
      );
    });

    it("are served in the versions that are pinned, of which there must be some", async () => {
      const { resources } = await preview("embedded", { ...models, versions: { iris: 1 } });
      const [container] = podSpec(resources)["containers"] as { env: object[] }[];
      assert.ok(
        container!.env.some((one) =>
          isDeepStrictEqual(one, { name: "MODEL_VERSIONS", value: "iris=1" }),
        ),
      );
      await assert.rejects(
        preview("embedded", { ...models, versions: { iris: 9 } }),
        /services\.iris\.versions\.iris[\s\S]*9, which app\/models\/iris\/model\.json doesn't have[\s\S]*one or more of 1/,
      );
    });
  });

  it("gives the Service a port for gRPC, but none for metrics or an own container's", async () => {
    const portsOf = ({ resources }: { resources: readonly Registered[] }) => {
      const { spec } = one(resources, "kubernetes:core/v1:Service");
      return (spec as { ports: { name: string; port: number }[] }).ports.map(
        ({ name, port: number }) => [name, number],
      );
    };
    assert.deepEqual(portsOf(await preview("embedded")), [
      ["http", 80],
      ["grpc", 8081],
    ]);
    const own = { image: `registry.example.com/own@${DIGEST}`, prediction: { body: {} } };
    const services = { own };
    const owned = await run(program, { preview: true, config: { target: "embedded", services } });
    assert.deepEqual(portsOf(owned), [["http", 80]]);
  });

  describe("refuses, before anything is registered", () => {
    const refuses = async (settings: Record<string, unknown>, message: RegExp) => {
      let registered = 0;
      const counted = async () => {
        try {
          return await program();
        } catch (error) {
          registered += 1;
          throw error;
        }
      };
      await assert.rejects(run(counted, { preview: false, config: settings }), message);
      assert.equal(registered, 1, "the program itself refused");
    };
    const elsewhere = (settings: Record<string, unknown>) => ({
      ...config("existing"),
      existing: { registry: { server: "registry.example.com" }, ...settings },
    });

    it("an embedded cluster that doesn't run", async () => {
      fs.rmSync(path.join(home, "modelport"), { recursive: true });
      await refuses(
        config("embedded"),
        /"local" is not running[\s\S]*fix: npm run cli -- cluster start/,
      );
    });

    it("a kubeconfig that isn't there", () =>
      refuses(
        elsewhere({ kubeconfig: "/nonexistent/config" }),
        /kubeconfig \/nonexistent\/config can't be read[\s\S]*fix: pulumi config set/,
      ));

    it("a machine without a builder", async () => {
      fs.rmSync(path.join(home, "docker"));
      await refuses(config("existing"), /images can't be built here\n {2}why: there is no docker/);
    });

    it("a context that isn't in it", () =>
      refuses(
        elsewhere({ kubeconfig: `${kubeconfig()}\n`, context: "d" }),
        /no context "d"; its contexts: c/,
      ));

    it("a cluster that answers nobody", () =>
      refuses(
        elsewhere({ kubeconfig: `${kubeconfig().replace(String(port), "1")}\n` }),
        /context "c" does not answer\n {2}why: http:\/\/127\.0\.0\.1:1\b.*ECONNREFUSED/,
      ));

    it("a model whose file isn't the one that was trained", () => {
      const root = fs.mkdtempSync(path.join(os.tmpdir(), "models-"));
      const folder = path.join(root, "app", "models", "iris");
      fs.cpSync(path.join(ROOT, "app", "models", "iris"), folder, { recursive: true });
      fs.appendFileSync(path.join(folder, "1", "model.onnx"), "x");
      assert.throws(
        () => readModel(root, "iris"),
        /is not the file that model\.json describes[\s\S]*SHA-256/,
      );
      fs.rmSync(root, { recursive: true });
    });
  });
});
