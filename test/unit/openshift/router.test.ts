import * as assert from "node:assert/strict";
import { makeCertificate } from "../../support/certificate";
import type { EndpointSlice, Route } from "../../support/openshift/kinds";
import { judge } from "../../support/openshift/router/claims";
import { configure, type RoutedHost } from "../../support/openshift/router/configuration";
import { endpointsOf, freshSlots, reassign } from "../../support/openshift/router/endpoints";
import { ingressOf } from "../../support/openshift/router/router";

const PLACE = {
  address: "127.213.1.1",
  folder: "/run/router",
  network: "pods",
  certificate: "default",
};

function routeOf(
  name: string,
  spec: Partial<Route["spec"]> = {},
  { namespace = "team", created = "2026-01-01T00:00:00Z" } = {},
): Route {
  return {
    metadata: { name, namespace, uid: `uid-${name}`, creationTimestamp: created },
    spec: {
      host: `${name}.example.com`,
      to: { name },
      port: { targetPort: "http" },
      ...spec,
    },
  };
}

const sliceOf = (
  service: string,
  addresses: Readonly<Record<string, boolean | undefined>>,
  namespace = "team",
): EndpointSlice => ({
  metadata: { name: `${service}-x`, namespace, labels: { "kubernetes.io/service-name": service } },
  ports: [
    { name: "http", port: 8080 },
    { name: "grpc", port: 9000 },
  ],
  endpoints: Object.entries(addresses).map(([address, ready]) => ({
    addresses: [address],
    conditions: ready === undefined ? {} : { ready },
  })),
});

describe("OpenShift's router: whose host it is", () => {
  const older = { created: "2026-01-01T00:00:00Z" };
  const younger = { created: "2026-01-02T00:00:00Z" };
  const host = "shared.example.com";

  it("is the older Route's, and says so to the other one", () => {
    const verdicts = judge([
      routeOf("second", { host }, { ...younger, namespace: "other" }),
      routeOf("third", { host }, younger),
      routeOf("first", { host }, older),
    ]);
    assert.deepEqual(verdicts.get("team/first"), { admitted: true });
    assert.deepEqual(verdicts.get("other/second"), {
      admitted: false,
      reason: "HostAlreadyClaimed",
      message: "a route in another namespace holds shared.example.com and is older than second",
    });
    assert.deepEqual(verdicts.get("team/third"), {
      admitted: false,
      reason: "HostAlreadyClaimed",
      message: "route first already exposes shared.example.com and is older",
    });
  });

  it("is nobody's whose certificate can't be served", () => {
    const good = makeCertificate([host]);
    const { key } = makeCertificate([host]);
    const refusal = (certificate: string, itsKey: string) =>
      judge([routeOf("tls", { host, tls: { certificate, key: itsKey } })]).get("team/tls");
    assert.deepEqual(refusal(good.certificate, good.key), { admitted: true });
    const mismatch = refusal(good.certificate, key);
    assert.ok(mismatch?.admitted === false);
    assert.equal(mismatch.reason, "ExtendedValidationFailed");
    assert.match(mismatch.message, /private key does not match public key/);
    const broken = refusal("none", good.key);
    assert.ok(broken?.admitted === false);
    assert.match(broken.message, /spec\.tls\.certificate: .*failed to find any PEM data/);
    const verdicts = judge([
      routeOf("tls", { host, tls: { certificate: "none", key } }, older),
      routeOf("plain", { host }, younger),
    ]);
    assert.deepEqual(verdicts.get("team/plain"), { admitted: true }, "it holds no host");
  });
});

describe("OpenShift's router: pods of a Route", () => {
  it("are the ready ones of its own namespace, at the port that it names", () => {
    const slices = [
      sliceOf("app", { "10.0.0.1": true, "10.0.0.2": false, "10.0.0.3": undefined }),
      sliceOf("app", { "10.0.0.9": true }, "other"),
      sliceOf("else", { "10.0.0.8": true }),
    ];
    assert.deepEqual(endpointsOf(routeOf("app"), slices), ["10.0.0.1:8080", "10.0.0.3:8080"]);
    const port = (targetPort: string | number) =>
      endpointsOf(routeOf("app", { port: { targetPort } }), slices)[0];
    assert.equal(port("grpc"), "10.0.0.1:9000");
    assert.equal(port(9000), "10.0.0.1:9000");
    assert.equal(port("none"), undefined);
  });

  it("keep their places; the new ones come before the old ones go", () => {
    const slots = freshSlots(["10.0.0.1:80", "10.0.0.2:80"]);
    assert.deepEqual(reassign(slots, ["10.0.0.2:80", "10.0.0.3:80"]), {
      slots: [undefined, "10.0.0.2:80", "10.0.0.3:80", ...slots.slice(3)],
      changes: [
        { slot: 2, endpoint: "10.0.0.3:80" },
        { slot: 0, endpoint: undefined },
      ],
    });
    assert.deepEqual(reassign(slots, ["10.0.0.1:80", "10.0.0.2:80"])?.changes, []);
  });

  it("need more places where there are too few", () => {
    const many = Array.from({ length: 20 }, (_, i) => `10.0.0.${i}:80` as const);
    assert.equal(reassign(freshSlots([]), many), undefined);
    assert.ok(reassign(freshSlots(many), [...many, "10.0.1.0:80"]));
  });
});

describe("OpenShift's router: HAProxy's configuration", () => {
  const files = (...routes: Route[]) =>
    configure(
      PLACE,
      routes.map((route): RoutedHost => ({ route, slots: ["10.0.0.1:8080", undefined] })),
    );

  it("listens at the address, and reaches pods in their network", () => {
    const text = files(routeOf("app"))["haproxy.cfg"] ?? "";
    assert.match(text, /^ {2}bind 127\.213\.1\.1:80$/m);
    assert.match(text, /^ {2}bind 127\.213\.1\.1:443 ssl crt \/run\/router\/default\.pem /m);
    assert.match(
      text,
      /backend be_team:app\n[^]*server pod0 10\.0\.0\.1:8080 namespace pods\n {2}server pod1 127\.0\.0\.1:1 disabled namespace pods\n/,
    );
  });

  it("has a host in the maps that its policy says", () => {
    const maps = (tls: Route["spec"]["tls"]) => {
      const all = files(routeOf("app", tls === undefined ? {} : { tls }));
      return ["plain", "redirected", "secure"].filter((name) => all[`${name}.map`] !== "");
    };
    assert.deepEqual(maps(undefined), ["plain"]);
    assert.deepEqual(maps({}), ["secure"]);
    assert.deepEqual(maps({ insecureEdgeTerminationPolicy: "None" }), ["secure"]);
    assert.deepEqual(maps({ insecureEdgeTerminationPolicy: "Allow" }), ["plain", "secure"]);
    assert.deepEqual(maps({ insecureEdgeTerminationPolicy: "Redirect" }), ["redirected", "secure"]);
    assert.equal(files(routeOf("app"))["plain.map"], "app.example.com be_team:app\n");
  });

  it("has a Route's own certificate, its chain and key, for its name only", () => {
    const tls = { certificate: "CERTIFICATE\n", caCertificate: "CHAIN", key: "KEY\n" };
    const all = files(routeOf("own", { tls }), routeOf("router", { tls: {} }));
    assert.equal(all["be_team:own.pem"], "CERTIFICATE\nCHAIN\nKEY\n");
    assert.equal(all["certificates.list"], "/run/router/be_team:own.pem own.example.com\n");
    assert.equal(all["default.pem"], "default");
  });
});

describe("OpenShift's router: status of a Route", () => {
  const route = routeOf("app");

  it("says host, router and verdict", () => {
    const ingress = ingressOf(route, { admitted: true }, "apps.example.com");
    const [condition] = ingress?.conditions ?? [];
    assert.equal(ingress?.host, "app.example.com");
    assert.equal(ingress.routerCanonicalHostname, "router-default.apps.example.com");
    assert.equal(condition?.status, "True");
    assert.match(condition.lastTransitionTime ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it("is left alone while nothing changes", () => {
    const ingress = ingressOf(route, { admitted: true }, "apps.example.com");
    assert.ok(ingress !== undefined);
    const told = { ...route, status: { ingress: [ingress] } };
    assert.equal(ingressOf(told, { admitted: true }, "apps.example.com"), undefined);
    const refusal = { admitted: false, reason: "HostAlreadyClaimed", message: "older" } as const;
    const changed = ingressOf(told, refusal, "apps.example.com");
    assert.equal(changed?.conditions[0]?.status, "False");
    const moved = { ...told, spec: { ...told.spec, host: "new.example.com" } };
    assert.equal(ingressOf(moved, { admitted: true }, "apps.example.com")?.host, "new.example.com");
  });
});
