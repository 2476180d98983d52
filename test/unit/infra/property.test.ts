import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../../infra/config";
import { PLACEHOLDER } from "../../../infra/config/faults";
import { TARGET_NAMES } from "../../../infra/config/schema";
import { ConfigError } from "../../../infra/errors";
import { NAME_PATTERN, physicalName, stackNamespace } from "../../../infra/naming";
import { withExamples } from "../../../infra/offline/examples";

const STACK = "test";

/** What Pulumi lets a stack be called: https://www.pulumi.com/docs/iac/concepts/stacks/#create-stack */
const stackName = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$/);

const serviceName = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/)
  .filter((name) => NAME_PATTERN.test(name));

/** Lengths that platforms have: accounts of GCP, ICR namespaces, clusters, Kubernetes. */
const maxLength = fc.constantFrom(30, 40, 63);

const KEYS = [
  ...["models", "image", "build", "git", "exposure", "port", "replicas", "tls", "host", "internal"],
  ...[
    "addressSeconds",
    "autoscaling",
    "secrets",
    "gpu",
    "network",
    "podSecurity",
    "transform",
    "env",
    "versions",
  ],
  ...["registry", "server", "project", "region", "zones", "nodes", "gpuPool", "flavor", "classic"],
];

/** Anything that YAML can hold, with keys that mean something now and then. */
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 8080, 70000, "", "<fill in>", "iris"),
    fc.string(),
    fc.integer(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie("value"), {
      maxKeys: 5,
      noNullPrototype: true,
    }),
  ),
})).value;

const SECRET = "hunter2-hunter2-hunter2";

function parse(values: Readonly<Record<string, unknown>>, secretKeys: readonly string[] = []) {
  const texts = Object.entries(values).map(([key, value]) => [
    `modelport:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return parseConfig({
    stack: STACK,
    values: Object.fromEntries(texts) as Record<string, string>,
    secretKeys,
    models: ["iris", "spam"],
  });
}

/** Faults, or none; anything but a ConfigError is a failure of ours. */
function faultsOf(values: Readonly<Record<string, unknown>>, secretKeys: readonly string[] = []) {
  try {
    parse(values, secretKeys);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, error instanceof Error ? error.stack : String(error));
    return error.faults;
  }
}

describe("properties of names", () => {
  it("are valid wherever they go, at any length that a platform has", () => {
    fc.assert(
      fc.property(stackName, serviceName, maxLength, (stack, service, length) => {
        const name = physicalName(["modelport", stack, service], length);
        assert.match(name, NAME_PATTERN);
        assert.ok(name.length <= length);
        assert.equal(name, physicalName(["modelport", stack, service], length));
      }),
      { numRuns: 2000 },
    );
  });

  it("differ for different stacks and services", () => {
    const pair = fc.tuple(stackName, serviceName);
    fc.assert(
      fc.property(pair, pair, maxLength, ([stack, service], [other, another], length) => {
        fc.pre(`${stack}-${service}` !== `${other}-${another}`);
        assert.notEqual(
          physicalName(["modelport", stack, service], length),
          physicalName(["modelport", other, another], length),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("of namespaces are a stack's own", () => {
    fc.assert(
      fc.property(stackName, stackName, (one, other) => {
        fc.pre(one !== other);
        assert.notEqual(stackNamespace(one), stackNamespace(other));
        assert.match(stackNamespace(one), /^modelport-/);
      }),
    );
  });
});

describe("properties of config", function () {
  this.timeout(600_000);
  const target = fc.constantFrom(...TARGET_NAMES);

  it("takes or refuses anything with faults that can be acted upon", () => {
    fc.assert(
      fc.property(target, anything, anything, (name, section, service) => {
        const faults = faultsOf({ target: name, [name]: section, services: { iris: service } });
        for (const { key, got, allowed, fix } of faults) {
          assert.match(key, /^modelport:/);
          for (const text of [got, allowed, fix]) assert.ok(text.length > 0, key);
          assert.doesNotMatch(`${got} ${allowed} ${fix}`, /undefined|\[object Object\]/);
        }
        assert.equal(new Set(faults.map(({ key }) => key)).size, faults.length, "one fault a key");
      }),
      { numRuns: 1500 },
    );
  });

  it("takes any target name and any services without falling over", () => {
    fc.assert(
      fc.property(anything, anything, (name, services) => {
        const faults = faultsOf({ target: name, services });
        assert.ok(faults.length > 0 || TARGET_NAMES.some((known) => known === name));
      }),
    );
  });

  it("never shows a value of a section that holds secrets", () => {
    fc.assert(
      fc.property(target, anything, fc.constantFrom(...KEYS), (name, service, key) => {
        const services = {
          iris: { ...(service as object), [key]: SECRET, own: { [key]: SECRET } },
        };
        const faults = faultsOf({ target: name, services }, ["modelport:services"]);
        for (const fault of faults)
          assert.doesNotMatch(`${fault.got} ${fault.allowed} ${fault.fix}`, new RegExp(SECRET));
      }),
    );
  });

  it("reads what it took the same a second time", () => {
    const service = fc.record(
      {
        models: fc.constant(["iris"]),
        replicas: fc.integer({ min: 1, max: 100 }),
        port: fc.integer({ min: 10_000, max: 65_535 }),
        env: fc.dictionary(
          fc.stringMatching(/^X_[A-Z]{1,8}$/),
          fc.string({ maxLength: 20 }).filter((text) => !PLACEHOLDER.test(text)),
        ),
        revisionHistory: fc.integer({ min: 1, max: 50 }),
      },
      { requiredKeys: ["models"] },
    );
    fc.assert(
      fc.property(fc.dictionary(serviceName, service, { minKeys: 1, maxKeys: 5 }), (services) => {
        const once = parse({ target: "embedded", services });
        assert.deepEqual(Object.keys(once.services).sort(), Object.keys(services).sort());
        assert.deepEqual(parse({ target: "embedded", services }), once);
        for (const [name, { replicas = 2 }] of Object.entries(services))
          assert.equal(once.services[name]?.replicas, replicas);
      }),
    );
  });

  it("fills placeholders only where there is an example, and changes nothing else", () => {
    fc.assert(
      fc.property(target, anything, (name, section) => {
        const given = { "modelport:target": name, [`modelport:${name}`]: section };
        const { config, examples } = withExamples(given);
        if (Object.keys(examples).length === 0 && !JSON.stringify([section]).includes("secure"))
          assert.deepEqual(config, given);
        for (const example of Object.values(examples)) assert.notEqual(example, undefined);
      }),
    );
  });
});
