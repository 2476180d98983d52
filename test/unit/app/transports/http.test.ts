import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createLog } from "../../../../app/server/log";
import { createHttpTransport, type HttpTransport } from "../../../../app/server/transports/http";
import type { Handler } from "../../../../app/server/transports/routes";
import { raw } from "../support/server";

const REQUEST_MS = 400;
const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

describe("HTTP transport", () => {
  let http: HttpTransport;
  let port: number;
  let lines: string[];
  let release: () => void;

  const hello: Handler = () => ({ status: 200, type: "text/plain", body: "hello" });
  const held: Handler = () =>
    new Promise((resolve) => {
      release = () => resolve({ status: 200, type: "text/plain", body: "at last" });
    });
  const fail: Handler = () => Promise.reject(new Error("secret detail"));

  const start = async (keepAliveMs: number) => {
    lines = [];
    const log = createLog("info", (line) => lines.push(line));
    const routes = new Map([
      ["/", { GET: hello }],
      ["/held", { GET: held }],
      ["/fail", { GET: fail }],
    ]);
    http = createHttpTransport({
      routes,
      maxBodyBytes: 100,
      log,
      keepAliveMs,
      requestMs: REQUEST_MS,
    });
    port = await http.listen(0, "127.0.0.1");
  };
  beforeEach(() => start(60_000));
  afterEach(() => http.close());

  const open = () =>
    new Promise<Socket>((resolve) => {
      const socket: Socket = connect(port, "127.0.0.1", () => resolve(socket));
    });
  const next = (socket: Socket) =>
    new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString())));
  const closed = (socket: Socket) =>
    new Promise<void>((resolve) => socket.once("close", () => resolve()));

  it("an unexpected error is logged and told without its details", async () => {
    const answer = await raw(port, "GET /fail HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert.match(answer, /^HTTP\/1.1 500 [^]*\{"error":"internal error"\}$/);
    assert.match(lines.join(""), /secret detail/);
  });

  it("a client slow with its headers, or its body, gets 408 and is cut off", async () => {
    const slowHeaders = "GET / HTTP/1.1\r\nHos";
    const slowBody = "GET /held HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1";
    for (const start of [slowHeaders, slowBody])
      assert.match(
        await raw(port, start),
        /^HTTP\/1.1 408 [^]*"the request took too long to arrive"/,
      );
  });

  it("an idle connection outlives the request timeout", async () => {
    const socket = await open();
    for (let i = 0; i < 2; i++) {
      const answer = next(socket);
      socket.write(GET);
      assert.match(await answer, /^HTTP\/1.1 200 [^]*Keep-Alive: timeout=60/i);
      await sleep(REQUEST_MS * 2);
    }
    socket.destroy();
  });

  it("an idle connection is ended after the keep-alive timeout", async () => {
    await http.close();
    await start(100);
    assert.match(await raw(port, GET), /^HTTP\/1.1 200 /);
  });

  it("draining: still accepts, each answer ends its connection", async () => {
    const socket = await open();
    http.drain();
    for (const connection of [socket, await open()]) {
      const answer = next(connection);
      const end = closed(connection);
      connection.write(GET);
      assert.match(await answer, /^HTTP\/1.1 200 [^]*\r\nConnection: close\r\n[^]*hello$/);
      await end;
    }
  });

  it("closing finishes what is in flight, takes nothing new, and waits for no idle connection", async () => {
    const idle = await open();
    const used = await open();
    const first = next(used);
    used.write(GET);
    await first;
    const busy = await open();
    const answer = next(busy);
    busy.write(GET.replace("/", "/held"));
    await sleep(50);
    const complete = http.close();
    await Promise.all([closed(idle), closed(used)]);
    await assert.rejects(raw(port, GET), { code: "ECONNREFUSED" });
    release();
    assert.match(await answer, /^HTTP\/1.1 200 [^]*Connection: close[^]*at last$/);
    assert.equal(await complete, true);
  });

  it("closing cuts off after the request timeout, and says so", async () => {
    const busy = await open();
    busy.write(GET.replace("/", "/held"));
    await sleep(50);
    assert.equal(await http.close(), false);
  });

  it("a taken port is an error", async () => {
    const log = createLog("error");
    const second = createHttpTransport({ routes: new Map(), maxBodyBytes: 1, log });
    await assert.rejects(second.listen(port, "127.0.0.1"), { code: "EADDRINUSE" });
  });
});
