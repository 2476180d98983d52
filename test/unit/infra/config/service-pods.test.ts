import assert from "node:assert/strict";
import { parseConfig, parseServices } from "../../../../infra/config";
import { ConfigError, type Fault } from "../../../../infra/errors";

type Service = Record<string, unknown>;

const DIGEST = `registry.example.com/own@sha256:${"a".repeat(64)}`;
const REASON = "the image was made to run as root";

const own = (settings: Service): Service => ({
  image: DIGEST,
  prediction: { body: {} },
  ...settings,
});

function raw(services: Record<string, Service>, secret: boolean, target = "embedded") {
  const values = { "modelport:target": target, "modelport:services": JSON.stringify(services) };
  const secretKeys = secret ? ["modelport:services"] : [];
  return { stack: "test", values, secretKeys, models: ["iris", "spam"] };
}

function faults(services: Record<string, Service>, secret = false): readonly Fault[] {
  try {
    parseConfig(raw(services, secret));
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults;
  }
  return [];
}

describe("config of a service's pods", () => {
  it("has defaults for everything", () => {
    const { iris } = parseConfig(raw({ iris: { models: ["iris"] } }, false)).services;
    assert.deepEqual(
      [iris?.network, iris?.secrets, iris?.podSecurity, iris?.transform, iris?.revisionHistory],
      [{ allowTo: [] }, {}, { level: "restricted", readOnlyRootFilesystem: true }, {}, 5],
    );
    assert.deepEqual(
      [iris?.autoscaling, iris?.gpu, iris?.platform],
      [undefined, undefined, undefined],
    );
  });

  it("takes every key", () => {
    const service = own({
      autoscaling: { maxReplicas: 5, cpuPercent: 60, metric: { name: "queue", averageValue: 5 } },
      platform: "linux/amd64",
      port: 80,
      namespace: "own",
      gpu: { count: 2, type: "nvidia-l4" },
      network: {
        allowFrom: [{ service: "iris" }, { namespace: "web" }, { cidr: "2001:db8::/32" }],
        allowTo: [{ cidr: "10.0.0.0/8", ports: [5432] }],
      },
      secrets: { db: { PASSWORD: "hidden", "tls.key": "hidden" } },
      revisionHistory: 2,
      podSecurity: {
        level: "baseline",
        reason: REASON,
        runAsUser: 0,
        readOnlyRootFilesystem: false,
      },
      transform: { Deployment: { spec: { minReadySeconds: 5, paused: null } } },
    });
    const { services } = parseConfig(raw({ iris: { models: ["iris"] }, own: service }, true));
    assert.equal(services["own"]?.autoscaling?.minReplicas, 2);
    assert.equal(services["own"].autoscaling.metric?.averageValue, "5");
    assert.deepEqual(services["own"].transform.Deployment, {
      spec: { minReadySeconds: 5, paused: null },
    });
  });

  /** What is wrong · the service · the key blamed · what the value got reads as · what is allowed · the command. */
  const table: [string, Service, string, RegExp, RegExp, RegExp][] = [
    [
      "replicas beside autoscaling",
      { replicas: 3, autoscaling: { maxReplicas: 5 } },
      "replicas",
      /^3, beside autoscaling$/,
      /minReplicas and maxReplicas/,
      /config rm .*own\.replicas/,
    ],
    [
      "no greatest number of pods",
      { autoscaling: {} },
      "autoscaling.maxReplicas",
      /^nothing$/,
      /a number/,
      /config set/,
    ],
    [
      "more pods at least than at most",
      { autoscaling: { minReplicas: 4, maxReplicas: 3 } },
      "autoscaling.maxReplicas",
      /^3$/,
      /at least minReplicas, 4/,
      /config set .*maxReplicas' 4/,
    ],
    [
      "a metric's target",
      { autoscaling: { maxReplicas: 3, metric: { name: "queue", averageValue: "many" } } },
      "autoscaling.metric.averageValue",
      /"many"/,
      /a quantity/,
      /config set/,
    ],
    [
      "less CPU at most than asked for",
      { resources: { cpu: "2" } },
      "resources.cpuLimit",
      /^1, less than/,
      /at least 2/,
      /config set .*cpuLimit' 2/,
    ],
    [
      "less memory at most than asked for",
      { resources: { memory: "1Gi", memoryLimit: "512Mi" } },
      "resources.memoryLimit",
      /^512Mi, less/,
      /at least 1Gi/,
      /config set/,
    ],
    [
      "root without a level",
      { podSecurity: { runAsUser: 0 } },
      "podSecurity.runAsUser",
      /^0, root, at level restricted$/,
      /another user; or level baseline/,
      /podSecurity\.level' baseline/,
    ],
    [
      "a level without a reason",
      { podSecurity: { level: "baseline" } },
      "podSecurity.reason",
      /level "baseline"/,
      /the reason in a sentence/,
      /podSecurity\.reason/,
    ],
    [
      "a writable image without a reason",
      { podSecurity: { readOnlyRootFilesystem: false } },
      "podSecurity.reason",
      /a writable root file system/,
      /the reason/,
      /config set/,
    ],
    [
      "a reason of a word",
      { podSecurity: { level: "baseline", reason: "legacy" } },
      "podSecurity.reason",
      /"legacy"/,
      /at least 10 characters/,
      /config set/,
    ],
    [
      "an unknown level",
      { podSecurity: { level: "open", reason: REASON } },
      "podSecurity.level",
      /"open"/,
      /one of restricted, baseline, privileged/,
      /config set/,
    ],
    [
      "port 80 as another user",
      { port: 80, podSecurity: { level: "baseline", reason: REASON, runAsUser: 1000 } },
      "port",
      /^80, which only root/,
      /runAsUser: 0/,
      /config set .*port' 8080/,
    ],
    [
      "a secret in plain text",
      { secrets: { db: { PASSWORD: "hunter2" } } },
      "secrets.db.PASSWORD",
      /^plain text$/,
      /^a secret$/,
      /config set --secret --path 'modelport:services\.own\.secrets\.db\.PASSWORD' --stack test$/,
    ],
    [
      "an empty secret",
      { secrets: { db: {} } },
      "secrets.db",
      /^a secret$/,
      /at least one key/,
      /config set/,
    ],
    [
      "a secret's key",
      { secrets: { db: { "a/b": 5 } } },
      'secrets.db["a/b"]',
      /a secret/,
      /letters, digits, dots/,
      /config set --secret/,
    ],
    [
      "a secret's key that Kubernetes has for itself",
      { secrets: { db: { "..data": 5 } } },
      'secrets.db["..data"]',
      /a secret/,
      /not \. or \.\. at the start/,
      /config set --secret/,
    ],
    [
      "less disk than is asked for",
      { resources: { ephemeralStorage: "8Mi" } },
      "resources.ephemeralStorage",
      /^8Mi, less/,
      /at least 16Mi/,
      /config set/,
    ],
    [
      "a peer that is nothing",
      { network: { allowTo: [{}] } },
      "network.allowTo[0]",
      /\{\}/,
      /exactly one of service, namespace, cidr/,
      /config set/,
    ],
    [
      "a peer that is two things",
      { network: { allowFrom: [{ namespace: "web", cidr: "10.0.0.0/8" }] } },
      "network.allowFrom[0]",
      /web/,
      /exactly one of/,
      /config set/,
    ],
    [
      "an unknown service",
      { network: { allowTo: [{ service: "irs" }] } },
      "network.allowTo[0].service",
      /"irs"/,
      /iris \(did you mean iris\?\)/,
      /config rm .*allowTo\[0\]/,
    ],
    [
      "the service itself",
      { network: { allowFrom: [{ service: "own" }] } },
      "network.allowFrom[0].service",
      /"own"/,
      /another service of this stack/,
      /config rm/,
    ],
    [
      "an address without a prefix",
      { network: { allowTo: [{ cidr: "10.0.0.1" }] } },
      "network.allowTo[0].cidr",
      /10\.0\.0\.1/,
      /10\.1\.0\.0\/16/,
      /config set/,
    ],
    ["no GPU", { gpu: { count: 0 } }, "gpu.count", /^0$/, /at least 1/, /config set/],
    ["no history", { revisionHistory: 0 }, "revisionHistory", /^0$/, /at least 1/, /config set/],
    [
      "a platform without images",
      { platform: "linux/s390x" },
      "platform",
      /s390x/,
      /one of linux\/amd64, linux\/arm64/,
      /config set/,
    ],
    [
      "a patch over an unknown kind",
      { transform: { Deploymnt: {} } },
      "transform.Deploymnt",
      /does not exist/,
      /did you mean Deployment\?/,
      /config rm/,
    ],
    [
      "a patch over an autoscaler that isn't there",
      { transform: { HorizontalPodAutoscaler: { spec: {} } } },
      "transform.HorizontalPodAutoscaler",
      /doesn't have/,
      /with autoscaling only/,
      /config rm/,
    ],
    [
      "a patch over a budget that isn't there",
      { replicas: 1, transform: { PodDisruptionBudget: { spec: {} } } },
      "transform.PodDisruptionBudget",
      /doesn't have/,
      /two pods or more/,
      /config rm/,
    ],
    [
      "a patch that renames",
      { transform: { Service: { metadata: { name: "other" } } } },
      "transform.Service",
      /other/,
      /leaves apiVersion, kind, metadata\.name/,
      /config set/,
    ],
  ];

  for (const [title, settings, key, got, allowed, fix] of table)
    it(`refuses: ${title}`, () => {
      const all = faults({
        iris: { models: ["iris"] },
        own: own({ namespace: "own", ...settings }),
      });
      const [fault] = all;
      assert.equal(fault?.key, `modelport:services.own.${key}`, JSON.stringify(all));
      assert.match(fault.got, got);
      assert.match(fault.allowed, allowed);
      assert.match(fault.fix, fix);
      assert.equal(all.length, 1, JSON.stringify(all, undefined, 1));
    });

  it("refuses a platform where there is no ready image", () => {
    const [fault] = faults({ iris: { models: ["iris"], platform: "linux/arm64" } });
    assert.equal(fault?.key, "modelport:services.iris.platform");
    assert.match(fault.allowed, /built for the nodes/);
  });

  it("refuses a level beside another one in a namespace, not in one of its own", () => {
    const open = { podSecurity: { level: "baseline", reason: REASON } };
    const services = (namespace: Service) => ({
      iris: { models: ["iris"] },
      own: own({ ...open, ...namespace }),
    });
    const [fault, ...others] = faults(services({}));
    assert.deepEqual(others, []);
    assert.equal(fault?.key, "modelport:services.own.namespace");
    assert.match(fault.got, /service iris, whose pod security level is restricted/);
    assert.match(fault.fix, /config set .* modelport-test-own --stack test$/);
    assert.equal(faults(services({ namespace: "modelport-test" })).length, 1, "the stack's own");
    assert.deepEqual(faults(services({ namespace: "own" })), []);
    assert.deepEqual(faults({ own: own(open) }), [], "alone in the stack's namespace");
  });

  it("refuses names that are too long, by name", () => {
    const long = "a".repeat(41);
    const [fault, ...others] = faults({ [long]: { models: ["iris"] } });
    assert.deepEqual(others, []);
    assert.equal(fault?.key, `modelport:services.${long}`);
    assert.equal(fault.got, `"${long}"`);
    assert.match(fault.allowed, /at most 40 characters/);
    assert.match(
      faults({ iris: { models: ["iris"], namespace: long } })[0]?.allowed ?? "",
      /at most 40/,
    );
  });

  it("shows no secret", () => {
    const flat = faults({ own: own({ secrets: { PASSWORD: "hunter2" } }) });
    assert.ok(flat.length > 0);
    assert.doesNotMatch(JSON.stringify(flat), /hunter2/);
    assert.match(flat[0]?.fix ?? "", /--secret/);
    const service = own({ secrets: { db: { PASSWORD: "hunter2" } }, port: "hunter2" });
    for (const secret of [true, false])
      assert.doesNotMatch(
        JSON.stringify(
          faults({ own: service }, secret).map((fault) =>
            fault.key.endsWith("port") && !secret ? {} : fault,
          ),
        ),
        /hunter2/,
      );
  });

  it("reads services without asking what their target can do", () => {
    const services = { iris: { models: ["iris"], exposure: "Route" } };
    assert.equal(parseServices(raw(services, false)).iris?.exposure, "Route");
    assert.throws(() => parseConfig(raw(services, false)), /"Route", on target embedded/);
    const wrong = { iris: { models: ["iris"], replica: 1 } };
    assert.throws(() => parseServices(raw(wrong, false)), /did you mean replicas/);
  });
});
