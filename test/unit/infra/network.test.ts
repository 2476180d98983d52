import assert from "node:assert/strict";
import { networkRules, type NetworkRulesArgs } from "../../../infra/network";

const others = [
  { name: "server", namespace: "modelport-prod" },
  { name: "store", namespace: "data" },
];
const server = { service: { stack: "prod", service: "server" }, namespace: "modelport-prod" };
const store = { service: { stack: "prod", service: "store" }, namespace: "data" };

const rules = (args: Partial<NetworkRulesArgs>) =>
  networkRules({ stack: "prod", config: { allowTo: [] }, env: {}, others, ...args });

describe("network rules", () => {
  it("let everybody in and nothing out", () => assert.deepEqual(rules({}), { to: [] }));

  it("name pods by service, namespace, or address", () => {
    const config = {
      allowFrom: [{ service: "server" }, { namespace: "web" }],
      allowTo: [{ service: "store", ports: [5432] }, { cidr: "10.0.0.0/8" }],
    };
    assert.deepEqual(rules({ config }), {
      from: [server, { namespace: "web" }],
      to: [{ to: store, ports: [5432] }, { to: { cidr: "10.0.0.0/8" } }],
    });
  });

  it("let out to the tracing endpoint's port", () => {
    const ports = (endpoint: string) =>
      rules({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } }).to[0]?.ports;
    assert.deepEqual(ports("http://collector:4318"), [4318]);
    assert.deepEqual(ports("https://traces.example.com/v1"), [443]);
    assert.deepEqual(ports("http://traces.example.com"), [80]);
    assert.equal(ports("collector"), undefined);
    const traces = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces:4318/v1/traces" };
    assert.deepEqual(rules({ env: traces }).to, [{ ports: [4318] }]);
    const other = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:1" };
    assert.deepEqual(rules({ env: { ...other, ...traces } }).to, [{ ports: [4318] }]);
  });

  const named: [string, (typeof server)[]][] = [
    ["http://server", [server]],
    ["http://server/v1/models", [server]],
    ["grpc://server.modelport-prod:8081", [server]],
    ["http://store.data.svc.cluster.local", [store]],
    ["server:8501", [server]],
    ["http://server,http://store.data", [server, store]],
    ["a server: 8501", []],
    ["http://servers", []],
    ["http://server-2", []],
    ["http://server.other", []],
    ["http://my.server", []],
    ["server", []],
  ];
  for (const [value, peers] of named)
    it(`let out to services of the stack that the environment names: ${value}`, () =>
      assert.deepEqual(
        rules({ env: { URL: value } }).to.map(({ to }) => to),
        peers,
      ));
});
