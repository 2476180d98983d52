import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { parse, stringify } from "yaml";
import type { GitSource } from "../../../../infra/git-source";
import { build } from "../../../../infra/manifests/build";
import { imageStream } from "../../../../infra/manifests/image-stream";
import { imagePullers } from "../../../../infra/manifests/role-binding";
import { gitBuilder } from "../../../../infra/targets/openshift/git-build";
import { run } from "../support/mocks";

const GOLDEN = path.join(__dirname, "..", "golden");
const identity = { stack: "test", service: "iris" };
const namespace = "modelport-test-builds";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const BUILD = "kubernetes:build.openshift.io/v1:Build";
const STREAM = "kubernetes:image.openshift.io/v1:ImageStream";

const DOCKER: GitSource = {
  repository: "https://github.com/example/iris.git",
  commit: COMMIT,
  ref: "main",
  contextDir: ".",
  strategy: { kind: "docker", dockerfile: "Dockerfile" },
  rebuild: 0,
};
const SOURCE: GitSource = {
  ...DOCKER,
  contextDir: "models/iris",
  strategy: { kind: "source", builderImage: "registry.example.com/ubi9/python-312:latest" },
};

/** Compares with the golden file; UPDATE_GOLDEN=1 writes it, and nothing else does. */
function golden(name: string, manifest: unknown): void {
  const file = path.join(GOLDEN, `${name}.yaml`);
  const plain: unknown = JSON.parse(JSON.stringify(manifest));
  if (process.env["UPDATE_GOLDEN"] === "1") fs.writeFileSync(file, stringify(plain));
  assert.deepEqual(plain, parse(fs.readFileSync(file, "utf8")));
}

describe("a Build", () => {
  const manifest = (source: GitSource, sourceSecret?: string) =>
    build({
      identity,
      namespace,
      source,
      ...(sourceSecret === undefined ? {} : { sourceSecret }),
    });

  it("by Dockerfile", () => golden("build-docker", manifest(DOCKER)));
  it("from sources, of a private repository", () =>
    golden("build-source", manifest(SOURCE, "iris-git")));
  it("has an image stream", () => golden("image-stream", imageStream({ identity, namespace })));
  it("lets the services' pods pull", () =>
    golden("image-pullers", imagePullers({ namespace, pullers: "modelport-test", stack: "test" })));

  it("is another one when anything of it changes, for a Build can't be changed", () => {
    const name = (change: Partial<GitSource>) => manifest({ ...DOCKER, ...change }).metadata.name;
    const names = [
      name({}),
      name({ commit: COMMIT.replace("0", "f") }),
      name({ contextDir: "models" }),
      name({ repository: "https://github.com/example/other.git" }),
      name({ strategy: { kind: "docker", dockerfile: "Containerfile" } }),
      name({ strategy: SOURCE.strategy }),
      name({ rebuild: 1 }),
    ];
    assert.equal(new Set(names).size, names.length);
    assert.equal(name({ ref: "a-tag-of-the-same-commit" }), names[0]);
    for (const one of names) assert.match(one, /^iris-[0-9a-f]{12}-[0-9a-f]{6}$/);
  });

  it("has a name that Kubernetes takes, however long the service's is", () => {
    const long = { stack: "test", service: `a${"-very".repeat(7)}-long` };
    const { name } = build({ identity: long, namespace, source: DOCKER }).metadata;
    assert.ok(name.length <= 63, name);
    assert.ok(name.includes(COMMIT.slice(0, 12)), "still named after the commit");
  });
});

describe("builds in the cluster", () => {
  const services = (sources: Readonly<Record<string, GitSource>>, spaces?: string[]) => () => {
    const password = pulumi.secret("hidden-key");
    const login = { user: "me", password, servers: ["registry.example.com"] };
    const builder = gitBuilder(new Provider("cluster", {}), login);
    return Object.fromEntries(
      Object.entries(sources).map(([service, source], index) => {
        const space = spaces?.[index] ?? "modelport-test";
        return [service, builder(service, { service, namespace: space, stack: "test", source })];
      }),
    );
  };
  const update = (sources: Readonly<Record<string, GitSource>>, status?: object) =>
    run(services(sources), {
      preview: false,
      config: {},
      ...(status === undefined ? {} : { state: { [BUILD]: () => ({ status }) } }),
    });

  it("deploy what was built, by its digest", async () => {
    const { outputs } = await update({ iris: DOCKER });
    assert.match(
      String(outputs["iris"]),
      /^image-registry\.openshift-image-registry\.svc:5000\/modelport-test-builds\/iris@sha256:[0-9a-f]{64}$/,
    );
  });

  it("know no image in a preview", async () => {
    const { outputs } = await run(services({ iris: DOCKER }), { preview: true, config: {} });
    assert.equal(outputs["iris"], undefined);
  });

  it("share a namespace that lets them be privileged, one for each of the services'", async () => {
    const two = await update({ iris: DOCKER, spam: SOURCE });
    const types = (ran: typeof two, type: string) =>
      ran.resources.filter((resource) => resource.type === type);
    const [space, ...others] = types(two, "kubernetes:core/v1:Namespace");
    assert.equal(others.length, 0);
    const { labels, name } = space!.inputs["metadata"] as {
      name: string;
      labels: Record<string, string>;
    };
    assert.equal(name, "modelport-test-builds");
    assert.equal(labels["pod-security.kubernetes.io/enforce"], "privileged");
    assert.equal(types(two, BUILD).length, 2);
    const apart = await run(services({ iris: DOCKER, spam: SOURCE }, ["a", "b"]), {
      preview: false,
      config: {},
    });
    assert.equal(types(apart, "kubernetes:core/v1:Namespace").length, 2);
  });

  it("give a private repository's credentials as a Secret that is one in the state too", async () => {
    const data = pulumi.secret<Record<string, string>>({ username: "me", password: "hidden" });
    const credentials = { type: "kubernetes.io/basic-auth", data } as const;
    const { recorded, resources } = await update({ iris: { ...DOCKER, credentials } });
    const secret = resources.find(({ type }) => type === "kubernetes:core/v1:Secret");
    assert.equal(secret?.inputs["type"], "kubernetes.io/basic-auth");
    const { source } = resources.find(({ type }) => type === BUILD)!.inputs["spec"] as {
      source: { sourceSecret: { name: string } };
    };
    assert.deepEqual(source.sourceSecret, {
      name: (secret.inputs["metadata"] as { name: string }).name,
    });
    const { stringData } = secret.inputs as { stringData: Record<string, unknown> };
    assert.equal(Object.values(stringData).includes("1b47061264138c4ac30d75fd1eb44270"), true);
    const others = recorded.filter(({ type }) => type !== "kubernetes:core/v1:Secret");
    assert.doesNotMatch(JSON.stringify(others), /hidden/);
  });

  it("log in where the builder image is, and nowhere else: the cluster's own login would not count", async () => {
    const other = { kind: "source", builderImage: "quay.io/acme/builder:1" } as const;
    const { resources, recorded } = await update({
      iris: SOURCE,
      spam: { ...SOURCE, strategy: other },
    });
    const strategy = (name: string) => {
      const found = resources.find((one) => one.type === BUILD && one.name === name);
      const { strategy } = found?.inputs["spec"] as { strategy: { sourceStrategy: object } };
      return strategy.sourceStrategy;
    };
    const secrets = resources.filter(({ type }) => type === "kubernetes:core/v1:Secret");
    const { metadata, type } = secrets[0]!.inputs as { metadata: { name: string }; type: string };
    assert.deepEqual([secrets.length, type], [1, "kubernetes.io/dockerconfigjson"]);
    assert.deepEqual(strategy("iris"), {
      from: { kind: "DockerImage", name: "registry.example.com/ubi9/python-312:latest" },
      pullSecret: { name: metadata.name },
    });
    assert.equal("pullSecret" in strategy("spam"), false);
    assert.doesNotMatch(JSON.stringify(recorded), /hidden-key/);
  });

  it("are refused at once where the cluster has no registry, with a way out", async () => {
    let built = false;
    const state = {
      [STREAM]: () => ({ status: {} }),
      [BUILD]: () => {
        built = true;
        return {};
      },
    };
    await assert.rejects(
      run(services({ iris: DOCKER }), { preview: false, config: {}, state }),
      /no image registry of its own[^]*managementState: Managed[^]*--refresh --stack test[^]*build\.context/,
    );
    assert.equal(built, false);
  });

  describe("that failed fail the update", () => {
    const fails = (status: object, message: RegExp) =>
      assert.rejects(update({ iris: { ...DOCKER, rebuild: 2 } }, status), message);

    it("with the end of their log, and a command that tries again", () =>
      fails(
        {
          phase: "Failed",
          reason: "DockerBuildFailed",
          message: "Dockerfile build strategy has failed.",
          logSnippet: "step 3\nno such package",
        },
        new RegExp(
          [
            `iris\\.git at ${COMMIT} could not be built in the cluster`,
            "why: build Failed: DockerBuildFailed, Dockerfile build strategy has failed\\.\n +step 3\n +no such package",
            "kubectl logs -n modelport-test-builds iris-0123456789ab-[0-9a-f]{6}-build",
            "services\\.iris\\.build\\.git\\.rebuild' 3 --stack test",
          ].join("[\\s\\S]*"),
        ),
      ));
    it("with the credentials that they lack, where they can't have the sources", () =>
      fails(
        { phase: "Failed", reason: "FetchSourceFailed", logSnippet: "Permission denied" },
        /why: build Failed: FetchSourceFailed\n +Permission denied\n +fix: .*services\.iris\.build\.git\.credentials, set with --secret; then .*rebuild' 3 --stack test/,
      ));
    it("when somebody cancelled them", () => fails({ phase: "Cancelled" }, /why: build Cancelled/));
    it("when an interrupted update left them running", () =>
      fails({ phase: "Running" }, /is still being built[\s\S]*fix: .*pulumi up --refresh/));
    it("when the registry told no digest", () =>
      fails({ phase: "Complete", outputDockerImageReference: "r/a:b" }, /told no digest/));
  });
});
