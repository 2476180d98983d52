import assert from "node:assert/strict";
import { createServer, connect as connectSocket, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import type { ServedVersion } from "../../../../../app/server/data-plane";
import { RequestError } from "../../../../../app/server/errors";
import { createLog } from "../../../../../app/server/log";
import { Metrics } from "../../../../../app/server/observability/metrics";
import { startGrpc, type GrpcOptions } from "../../../../../app/server/transports/grpc";
import { scaling } from "../../support/graphs";
import { temporaryModels } from "../../support/models";
import { InferenceClient, refusal, type InferRequest } from "./client";
import { runGrpc } from "./running";

const models = temporaryModels().addGraph("double", scaling(2)).path;
const request: InferRequest = {
  model_name: "double",
  inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], contents: { fp32_contents: [1, 2] } }],
};
const silent = createLog("error", () => undefined);

/** A transport over one model, `double`, that answers by `infer`. */
function over(infer: ServedVersion["infer"], options: Partial<GrpcOptions> = {}) {
  const x = { name: "x", datatype: "FP32", shape: [-1, 2] as [-1, number] } as const;
  const metrics = new Metrics();
  const served: ServedVersion = {
    metadata: {
      name: "double",
      title: "double",
      description: "double",
      framework: { name: "by hand", version: "1" },
      inputs: [x],
      outputs: [{ ...x, name: "y" }],
      examples: [{ title: "one", instance: [1, 2] }],
      versions: {},
    },
    version: "1",
    facts: { files: {} },
    metrics: metrics.version("double", "1"),
    infer,
  };
  const dataPlane = {
    find: () => served,
    models: () => [],
    status: () => ({ ready: true, models: [] }),
  };
  const transport = startGrpc({
    dataPlane,
    log: silent,
    port: 0,
    host: "127.0.0.1",
    maxBodyBytes: 65_536,
    maxRows: 10,
    access: {},
    ...options,
  });
  return { transport, metrics };
}

describe("gRPC: drain and close", () => {
  it("no request is lost while clients keep asking", async () => {
    const running = await runGrpc({ modelsDir: models });
    const clients = Array.from({ length: 4 }, () => new InferenceClient(running.transport.port));
    let asking = true;
    let answers = 0;
    let answersSinceDrain = 0;
    let draining = false;
    const load = clients.map(async (client) => {
      while (asking) {
        await Promise.all(Array.from({ length: 8 }, () => client.infer(request)));
        answers += 8;
        if (draining) answersSinceDrain += 8;
      }
    });
    while (answers === 0) await sleep(5);
    running.transport.drain();
    draining = true;
    assert.deepEqual(await running.client.call("ServerReady"), { ready: false });
    assert.deepEqual(await running.client.call("ServerLive"), { live: true });
    assert.equal(await running.client.check(), "NOT_SERVING");
    // More than what was under way at the drain: still served.
    while (answersSinceDrain < 200) await sleep(5);
    asking = false;
    await Promise.all(load);
    const text = await running.metrics.render();
    assert.match(
      text,
      new RegExp(`^modelport_requests_total\\{model="double",version="1"\\} ${answers}$`, "m"),
    );
    for (const client of clients) client.close();
    await running.close();
  });

  it("draining sends clients away and lets them come back", async () => {
    const running = await runGrpc({ modelsDir: models });
    const socket = connectSocket(running.transport.port, "127.0.0.1");
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    const received: Buffer[] = [];
    socket.on("data", (data) => received.push(data));
    while (received.length === 0) await sleep(5);
    running.transport.drain();
    await new Promise((resolve) => socket.on("close", resolve));
    // A frame's type is its fourth byte; 7 is GOAWAY, 0 its error code: none.
    const frames = Buffer.concat(received);
    const types: number[] = [];
    for (let at = 0; at + 9 <= frames.length; at += 9 + frames.readUIntBE(at, 3))
      types.push(frames[at + 3]!);
    assert.ok(types.includes(7), `frames ${types.join()}`);
    assert.equal((await running.client.infer(request)).model_name, "double");
    await running.close();
  });

  it("closing finishes what is in flight and takes nothing new", async () => {
    let release: (() => void) | undefined;
    const { transport } = over(async ([x]) => {
      await new Promise<void>((resolve) => (release = resolve));
      return [{ ...x!, name: "y" }];
    });
    const server = await transport;
    const client = new InferenceClient(server.port);
    const answer = client.infer(request);
    while (release === undefined) await sleep(5);
    let settled = false;
    const closed = server.close().finally(() => (settled = true));
    await sleep(50);
    assert.equal(settled, false);
    const late = new InferenceClient(server.port);
    assert.equal((await refusal(late.infer(request))).code, status.UNAVAILABLE);
    release();
    assert.deepEqual((await answer).outputs[0]!.contents!.fp32_contents, [1, 2]);
    assert.equal(await closed, true);
    client.close();
    late.close();
  });

  it("closing cuts off after the request timeout, and says so", async () => {
    const never = new Promise<never>(() => undefined);
    let arrive: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const infer = (): Promise<never> => {
      arrive?.();
      return never;
    };
    const server = await over(infer, { requestMs: 1000 }).transport;
    const client = new InferenceClient(server.port);
    const answer = refusal(client.infer(request));
    await arrived;
    assert.equal(await server.close(), false);
    assert.ok([status.UNAVAILABLE, status.CANCELLED].includes((await answer).code));
    client.close();
  });

  it("a taken port is an error", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as AddressInfo;
    await assert.rejects(over(() => Promise.resolve([]), { port }).transport, /EADDRINUSE/);
    taken.close();
  });
});

describe("gRPC: too much", () => {
  it("a full queue: UNAVAILABLE with when to come again; the others are answered", async () => {
    const running = await runGrpc({ modelsDir: models, maxQueue: 4 });
    const asked = await Promise.allSettled(
      Array.from({ length: 200 }, () => running.client.infer(request)),
    );
    const refused = asked.flatMap((one) =>
      one.status === "rejected" ? [one.reason as Awaited<ReturnType<typeof refusal>>] : [],
    );
    assert.ok(refused.length > 0 && refused.length < 200, `${refused.length} of 200`);
    for (const { code, metadata } of refused) {
      assert.equal(code, status.UNAVAILABLE);
      assert.deepEqual(metadata.get("retry-after"), ["1"]);
    }
    const text = await running.metrics.render();
    assert.match(
      text,
      new RegExp(
        `^modelport_request_errors_total\\{.*reason="overloaded"\\} ${refused.length}$`,
        "m",
      ),
    );
    await running.close();
  });

  it("more connections than allowed are closed as they come", async () => {
    const running = await runGrpc({ modelsDir: models, maxConnections: 2 });
    await running.client.call("ServerLive");
    const connect = () => connectSocket(running.transport.port, "127.0.0.1").resume();
    const second = connect();
    const third = connect();
    await new Promise((resolve) => third.on("close", resolve));
    assert.equal(second.closed, false);
    assert.deepEqual(await running.client.call("ServerLive"), { live: true });
    second.destroy();
    await running.close();
  });

  it("an unexpected error: INTERNAL without its details, which are logged", async () => {
    const lines: string[] = [];
    const log = createLog("info", (line) => lines.push(line));
    const { transport, metrics } = over(() => Promise.reject(new Error("disk on fire")), { log });
    const server = await transport;
    const client = new InferenceClient(server.port);
    const error = await refusal(client.infer(request));
    assert.equal(error.code, status.INTERNAL);
    assert.equal(error.details, "internal error");
    const line = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.equal(line["level"], "error");
    assert.equal(line["error"], "Error: disk on fire");
    assert.deepEqual(error.metadata.get("x-request-id"), [line["requestId"]]);
    assert.match(await metrics.render(), /errors_total\{.*reason="internal"\} 1/);
    client.close();
    await server.close();
  });

  it("an error of the other bundle's class is recognised by its name", async () => {
    const { transport } = over(() => {
      throw Object.assign(new Error("queue is full"), {
        name: new RequestError(503, "").name,
        status: 503,
        headers: { "retry-after": "1" },
      });
    });
    const server = await transport;
    const client = new InferenceClient(server.port);
    const error = await refusal(client.infer(request));
    assert.equal(error.code, status.UNAVAILABLE);
    assert.equal(error.details, "queue is full");
    client.close();
    await server.close();
  });
});
