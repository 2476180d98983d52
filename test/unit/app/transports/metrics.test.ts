import assert from "node:assert/strict";
import { connect } from "node:net";
import { createLog } from "../../../../app/server/log";
import { Metrics } from "../../../../app/server/observability/metrics";
import { startMetricsServer, type MetricsServer } from "../../../../app/server/transports/metrics";

describe("metrics server", () => {
  const metrics = new Metrics();
  const lines: string[] = [];
  let server: MetricsServer;
  let url: string;
  before(async () => {
    const log = createLog("info", (line) => lines.push(line));
    server = await startMetricsServer({ metrics, port: 0, host: "127.0.0.1", log });
    url = `http://127.0.0.1:${server.port}`;
  });
  after(() => server.close());

  it("GET /metrics: the counts as they are now", async () => {
    for (const wanted of [1, 2]) {
      metrics.version("iris", "1").answered(0.001);
      const response = await fetch(`${url}/metrics?again`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), metrics.contentType);
      const line = `modelport_requests_total{model="iris",version="1"} ${wanted}`;
      assert.ok((await response.text()).split("\n").includes(line));
    }
  });

  it("anything else: 404, another method: 405", async () => {
    for (const path of ["/", "/metric", "/metrics/", "/healthz"])
      assert.equal((await fetch(url + path)).status, 404);
    const response = await fetch(`${url}/metrics`, { method: "POST", body: "x" });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
    const head = await fetch(`${url}/metrics`, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
  });

  it("a client that is slow with its request is cut off", async () => {
    const log = createLog("info", () => undefined);
    const options = { metrics, port: 0, host: "127.0.0.1", log, requestMs: 300 };
    const own = await startMetricsServer(options);
    const socket = connect(own.port, "127.0.0.1");
    socket.write("GET /metrics HTTP/1.1\r\nHost:");
    let answer = "";
    socket.on("data", (data) => (answer += data.toString()));
    await new Promise((resolve) => socket.on("close", resolve));
    assert.match(answer, /^HTTP\/1.1 408 /);
    await own.close();
  });

  it("an error of its own: 500 without its details, which are logged", async () => {
    const render = metrics.render.bind(metrics);
    metrics.render = () => Promise.reject(new Error("no memory"));
    const response = await fetch(`${url}/metrics`);
    metrics.render = render;
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /memory/);
    assert.match(lines.join(""), /no memory/);
  });

  it("closing waits for no idle connection and frees the port", async () => {
    const log = createLog("info", () => undefined);
    const own = await startMetricsServer({ metrics, port: 0, host: "127.0.0.1", log });
    assert.equal((await fetch(`http://127.0.0.1:${own.port}/metrics`)).status, 200);
    const idle = connect(own.port, "127.0.0.1");
    await new Promise((resolve) => idle.on("connect", resolve));
    await own.close();
    await assert.rejects(fetch(`http://127.0.0.1:${own.port}/metrics`));
    idle.destroy();
  });

  it("a taken port is an error", async () => {
    const log = createLog("info", () => undefined);
    await assert.rejects(
      startMetricsServer({ metrics, port: server.port, host: "127.0.0.1", log }),
      /EADDRINUSE/,
    );
  });
});
