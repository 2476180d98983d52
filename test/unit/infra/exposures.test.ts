import assert from "node:assert/strict";
import { servicesSchema } from "../../../infra/config/schema";
import type { ServiceConfig } from "../../../infra/config/service";
import { checkExposure } from "../../../infra/config/service-exposure";
import { checkExposures, frontSettings } from "../../../infra/exposures";
import type { Capabilities } from "../../../infra/targets/target";
import { makeCertificate } from "../../support/certificate";

const own = makeCertificate(["iris.example.com"]);

/** Services as a checked config has them. */
const services = (drafts: Record<string, object>): Record<string, ServiceConfig> =>
  servicesSchema.parse(
    Object.fromEntries(
      Object.entries(drafts).map(([name, draft]) => [name, { models: ["iris"], ...draft }]),
    ),
  );

const CAPABLE: Capabilities = {
  exposures: ["LoadBalancer", "Ingress", "Route", "ClusterIP"],
  nodePortsReachable: false,
  customMetrics: false,
  gitBuild: false,
  tls: ["managed", "given"],
  internal: ["LoadBalancer"],
};

const facts = (capabilities: Partial<Capabilities> = {}) => ({
  name: "openshift" as const,
  defaultExposure: "LoadBalancer" as const,
  capabilities: { ...CAPABLE, ...capabilities },
});

const keys = (faults: readonly { key: string }[]) =>
  faults.map(({ key }) => key.replace("modelport:services.", ""));

describe("keys beside an exposure", () => {
  const context = { stack: "prod", values: {}, secret: () => true };
  const faults = (service: object, secret = true) =>
    checkExposure("modelport:services.iris", service, { ...context, secret: () => secret });

  const wrong: [string, object, readonly string[]][] = [
    ["host of a balancer", { exposure: "LoadBalancer", host: "a.example.com" }, ["iris.host"]],
    ["TLS of a NodePort", { exposure: "NodePort", tls: "managed" }, ["iris.tls"]],
    ["internal Route", { exposure: "Route", internal: true }, ["iris.internal"]],
    [
      "all four of a ClusterIP",
      {
        exposure: "ClusterIP",
        ...{ host: "a.example.com", tls: "managed", internal: true, addressSeconds: 5 },
      },
      ["iris.host", "iris.tls", "iris.internal", "iris.addressSeconds"],
    ],
    [
      "a certificate without a key",
      { exposure: "Route", host: "iris.example.com", tls: { certificate: own.certificate } },
      ["iris.tls.key"],
    ],
    [
      "a key without a certificate",
      { exposure: "Route", host: "iris.example.com", tls: { key: own.key } },
      ["iris.tls.certificate"],
    ],
    ["a certificate without a host", { exposure: "Ingress", tls: own }, ["iris.host"]],
  ];
  for (const [title, service, expected] of wrong)
    it(`is refused: ${title}`, () => assert.deepEqual(keys(faults(service)), expected));

  it("is refused: a key in plain text, which is not shown", () => {
    const [fault] = faults({ exposure: "Route", host: "iris.example.com", tls: own }, false);
    assert.equal(fault?.got, "plain text");
    assert.match(fault.fix, /config set --secret --path .*tls\.key' --stack prod < key\.pem$/);
  });

  it("may stand where it means something", () => {
    const right = [
      { exposure: "Route", host: "iris.example.com", tls: own },
      { exposure: "Ingress", internal: true, tls: "none" },
      { exposure: "LoadBalancer", internal: true, addressSeconds: 5 },
      { exposure: "Route", addressSeconds: 5 },
      { exposure: "NodePort", internal: false, tls: "none" },
      { host: "iris.example.com" },
    ];
    for (const service of right) assert.deepEqual(faults(service), []);
  });

  it("is told by the schema: no name in DNS", () => {
    for (const host of ["iris", "Iris.example.com", "10.0.0.1", "*.example.com", "a..com"])
      assert.throws(
        () => services({ iris: { exposure: "Route", host } }),
        /a name in DNS, in lower case/,
        host,
      );
  });
});

describe("what a target can't do", () => {
  it("is told for all services at once", () => {
    const wanted = services({
      a: { exposure: "NodePort" },
      b: { exposure: "Route", tls: "managed" },
      c: { exposure: "Ingress", internal: true },
      d: { host: "d.example.com" },
      e: { internal: true },
    });
    const faults = checkExposures(wanted, facts({ tls: ["given"] }), "prod");
    assert.deepEqual(keys(faults), ["a.exposure", "b.tls", "c.internal", "d.host"]);
    assert.match(faults[2]!.allowed, /^false on target openshift, or exposure LoadBalancer$/);
  });

  it("is told of TLS by exposure", () => {
    const wanted = services({
      a: { exposure: "Ingress", tls: "managed" },
      b: { exposure: "Route", tls: "managed" },
    });
    const [fault, ...others] = checkExposures(wanted, facts({ managedTls: ["Route"] }), "prod");
    assert.deepEqual(others, []);
    assert.equal(fault!.key, "modelport:services.a.tls");
    assert.match(fault!.allowed, /^a certificate and its key, or none: .*with exposure Ingress$/);
  });

  it("is told with what would change it", () => {
    const refusals = { NodePort: { why: "no tunnel runs", fix: "minikube tunnel" } };
    const [fault] = checkExposures(
      services({ a: { exposure: "NodePort" } }),
      facts({ refusals }),
      "prod",
    );
    assert.match(fault!.got, /NodePort, which target openshift doesn't have now: no tunnel runs$/);
    assert.equal(fault!.fix, "minikube tunnel");
  });

  it("is to tell two Ingresses at one address apart without a host", () => {
    const wanted = services({
      a: { exposure: "Ingress" },
      b: { exposure: "Ingress" },
      c: { exposure: "Ingress", host: "c.example.com" },
      d: { exposure: "Ingress", host: "c.example.com" },
    });
    assert.deepEqual(keys(checkExposures(wanted, facts({ sharedIngress: true }), "prod")), [
      "b.host",
      "d.host",
    ]);
    assert.deepEqual(checkExposures(wanted, facts(), "prod"), []);
  });
});

describe("settings of a front", () => {
  const settings = (draft: object, capabilities: Partial<Capabilities> = {}) => {
    const { iris } = services({ iris: draft });
    return frontSettings(iris!, iris!.exposure!, { ...CAPABLE, ...capabilities });
  };

  it("have TLS on an Ingress where the platform can, and none on a Route", () => {
    assert.deepEqual(settings({ exposure: "Ingress" }).tls, { kind: "managed" });
    assert.equal(settings({ exposure: "Ingress" }, { tls: ["given"] }).tls, undefined);
    assert.equal(settings({ exposure: "Ingress" }, { managedTls: ["Route"] }).tls, undefined);
    assert.equal(settings({ exposure: "Ingress", tls: "none" }).tls, undefined);
    assert.equal(settings({ exposure: "Route" }).tls, undefined);
  });

  it("have a patience where the user says one", () => {
    assert.equal(settings({ exposure: "LoadBalancer" }).addressSeconds, undefined);
    assert.equal(settings({ exposure: "Route", addressSeconds: 90 }).addressSeconds, 90);
  });

  it("take the user's certificate", () => {
    const front = settings({ exposure: "Route", host: "iris.example.com", tls: own });
    assert.deepEqual(front, {
      internal: false,
      host: "iris.example.com",
      tls: { kind: "given", ...own },
    });
  });
});
