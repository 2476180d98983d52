import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createLog, type LogLevel } from "../../../../app/server/log";
import type { RequestSpan, Tracer } from "../../../../app/server/observability/tracer";
import { LINGER_MS } from "../../../../app/server/transports/connection";
import { createHttpTransport, type HttpTransport } from "../../../../app/server/transports/http";
import { plain, Router, type Handler } from "../../../../app/server/transports/routes";
import { raw } from "../support/server";

const REQUEST_MS = 400;
const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

describe("HTTP transport", () => {
  let http: HttpTransport;
  let port: number;
  let lines: string[];
  let releases: (() => void)[];

  const hello: Handler = () => ({ status: 200, type: "text/plain", body: "hello" });
  const large: Handler = () => ({ status: 200, type: "text/plain", body: "x".repeat(1_000_000) });
  const held: Handler = () =>
    new Promise((resolve) => {
      releases.push(() => resolve({ status: 200, type: "text/plain", body: "at last" }));
    });
  const fail: Handler = () => Promise.reject(new Error("secret detail"));

  const start = async (
    keepAliveMs: number,
    own: { level?: LogLevel; maxConnections?: number; requestMs?: number; tracer?: Tracer } = {},
  ) => {
    lines = [];
    releases = [];
    const { level = "info", ...more } = own;
    const log = createLog(level, (line) => lines.push(line));
    const routes = new Router([
      { path: "/", protocol: plain, open: true, GET: hello },
      { path: "/large", protocol: plain, GET: large },
      { path: "/held", protocol: plain, GET: held },
      { path: "/fail", protocol: plain, GET: fail },
      { path: "/post", protocol: plain, POST: hello },
    ]);
    http = createHttpTransport({
      routes,
      maxBodyBytes: 100,
      log,
      ...more,
      keepAliveMs,
    });
    port = await http.listen(0, "127.0.0.1");
  };
  /** For what ends by the request timeout; the others have the default, which no pause of the machine comes up to. */
  const startImpatient = async (own: { maxConnections?: number } = {}) => {
    await http.close();
    await start(60_000, { ...own, requestMs: REQUEST_MS });
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
  /** Resolves when so many requests are held. */
  const holding = async (count: number) => {
    while (releases.length < count) await sleep(5);
  };

  it("an unexpected error is logged and told without its details", async () => {
    const answer = await raw(port, "GET /fail HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert.match(answer, /^HTTP\/1.1 500 [^]*\{"error":"internal error"\}$/);
    assert.match(lines.join(""), /secret detail/);
  });

  it("a client slow with its headers, or its body, gets 408 and is cut off", async () => {
    await startImpatient();
    const slowHeaders = "GET / HTTP/1.1\r\nHos";
    const slowBody = "GET /held HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1";
    for (const start of [slowHeaders, slowBody])
      assert.match(
        await raw(port, start),
        /^HTTP\/1.1 408 [^]*"the request took too long to arrive"/,
      );
  });

  it("an idle connection outlives the request timeout", async () => {
    await startImpatient();
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
    await holding(1);
    const complete = http.close();
    await Promise.all([closed(idle), closed(used)]);
    await assert.rejects(raw(port, GET), { code: "ECONNREFUSED" });
    for (const release of releases) release();
    assert.match(await answer, /^HTTP\/1.1 200 [^]*Connection: close[^]*at last$/);
    assert.equal(await complete, true);
  });

  it("closing takes no answer back that is still being read", async () => {
    const socket = await open();
    const idle = await open();
    socket.pause();
    let received = 0;
    let tail = "";
    // More than the system's buffers hold.
    socket.write(GET.replace("/", "/large").repeat(20));
    await sleep(100);
    const complete = http.close();
    await closed(idle);
    await sleep(100);
    socket.on("data", (chunk) => {
      received += chunk.length;
      tail = `${tail}${chunk.toString()}`.slice(-9);
    });
    socket.resume();
    await closed(socket);
    assert.ok(received > 20_000_000, `${received} bytes`);
    assert.equal(tail, "xxxxxxxxx");
    assert.equal(await complete, true);
  });

  it("closing cuts off after the request timeout, and says so", async () => {
    await startImpatient();
    const busy = await open();
    busy.write(GET.replace("/", "/held"));
    await holding(1);
    assert.equal(await http.close(), false);
  });

  it("gives the request's id back, or one of its own where there is none fit for a log", async () => {
    const idOf = async (given?: string) => {
      const header = given === undefined ? "" : `X-Request-Id: ${given}\r\n`;
      const answer = await raw(
        port,
        `GET / HTTP/1.1\r\nHost: x\r\n${header}Connection: close\r\n\r\n`,
      );
      return /\r\nx-request-id: (.*)\r\n/.exec(answer)?.[1];
    };
    assert.equal(await idOf("Trace_7.a-b"), "Trace_7.a-b");
    const own = [await idOf(), await idOf("a b"), await idOf("x".repeat(65)), await idOf("ü")];
    for (const id of own) assert.match(id!, /^[0-9a-f]{8}-[0-9a-z]+$/);
    assert.equal(new Set(own).size, own.length);
  });

  it("logs each request at level debug, with its id; the query and the headers stay out", async () => {
    await http.close();
    await start(60_000, { level: "debug" });
    const began = performance.now();
    const answer = await raw(
      port,
      "GET /?key=secret HTTP/1.1\r\nHost: x\r\nX-Request-Id: seven\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n",
    );
    assert.match(answer, /^HTTP\/1.1 200 /);
    const { protocol, method, path, status, requestId, seconds } = JSON.parse(
      lines.at(-1)!,
    ) as Record<string, unknown>;
    assert.deepEqual(
      [protocol, method, path, status, requestId],
      ["http", "GET", "/", 200, "seven"],
    );
    const most = (performance.now() - began) / 1000;
    assert.ok(Number(seconds) >= 0 && Number(seconds) <= most, `${String(seconds)} of ${most}`);
    assert.doesNotMatch(lines.join(""), /secret/);
  });

  it("connections beyond the limit are told so and ended, but what is open is answered", async () => {
    await http.close();
    await start(60_000, { maxConnections: 2 });
    const held = await Promise.all([open(), open()]);
    const one = "GET /fail HTTP/1.1\r\nHost: x\r\n\r\n";
    assert.match(
      await raw(port, one),
      /^HTTP\/1.1 503 [^]*retry-after: 1[^]*\{"error":"too many connections"\}$/,
    );
    const probe = await raw(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert.match(probe, /^HTTP\/1.1 200 /);
    for (const socket of held) socket.destroy();
    await untilPlace();
  });

  it("pipelined requests are answered in order; too many ahead of their answers end the connection", async () => {
    const answers = (text: string) =>
      [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    const last = GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    assert.deepEqual(answers(await raw(port, GET.repeat(99) + last)), Array(100).fill("200"));
    // The answers may go out at any time; the 129th request behind the first one is one too many.
    const most = raw(port, GET.replace("/", "/held").repeat(128) + last);
    await holding(128);
    for (const release of releases.splice(0)) release();
    assert.deepEqual(answers(await most), Array(129).fill("200"));
    assert.equal(await raw(port, GET.replace("/", "/held") + GET.repeat(129)), "");
  });

  it("more than 100 headers: 431; larger ones than 16 KiB: 431; no Host: 400", async () => {
    const headers = (count: number) =>
      Array.from({ length: count }, (_, i) => `X-${i}: x\r\n`).join("");
    const end = "Connection: close\r\n\r\n";
    const get = (more: string) => raw(port, `GET / HTTP/1.1\r\nHost: x\r\n${more}${end}`);
    assert.match(await get(headers(98)), /^HTTP\/1.1 200 /);
    assert.match(await get(headers(99)), /^HTTP\/1.1 431 [^]*"at most 100 headers"/);
    assert.match(await get(headers(300)), /^HTTP\/1.1 431 /);
    assert.match(
      await get(`X-Long: ${"x".repeat(20_000)}\r\n`),
      /^HTTP\/1.1 431 [^]*"the headers are too large"/,
    );
    assert.match(
      await raw(port, `GET / HTTP/1.1\r\n${end}`),
      /^HTTP\/1.1 400 [^]*"the Host header is missing"/,
    );
    assert.match(await raw(port, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1.1 200 /);
  });

  for (const [what, text, last] of [
    ["a broken one", "GARBAGE\r\n\r\n", '400{"error":"not a valid HTTP request"}'],
    [
      "CONNECT",
      "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
      '405{"error":"CONNECT is not allowed here"}',
    ],
  ] as const)
    it(`right requests before ${what} are answered, in order, then that`, async () => {
      const answer = raw(port, `${GET}${GET.replace("/", "/held")}${GET}${text}`);
      await holding(1);
      for (const release of releases) release();
      const parts = (await answer).split(/(?=HTTP\/1\.1 )/);
      assert.deepEqual(
        parts.map((part) => part.slice(9, 12) + part.slice(part.indexOf("\r\n\r\n") + 4)),
        ["200hello", "200at last", "200hello", last],
      );
    });

  /** Does it five times within the time that the server waits for a refused client; a pause of the machine says nothing. */
  const fiveTimes = async (what: () => Promise<{ error: Error | undefined; received: string }>) => {
    const all: unknown[] = [];
    while (all.length < 5) {
      const began = performance.now();
      const { error, received } = await what();
      if (performance.now() - began < LINGER_MS)
        all.push(error ?? received.match(/(?<=HTTP\/1\.1 )\d+/g));
    }
    return all;
  };
  const errorOf = (socket: Socket) =>
    new Promise<Error | undefined>((resolve) => {
      socket.on("error", resolve);
      socket.on("close", () => resolve(undefined));
    });

  it("what isn't HTTP takes no answer back, in however many packets it comes", async () => {
    const all = await fiveTimes(async () => {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      let received = "";
      socket.on("data", (chunk) => (received += chunk.toString()));
      const ended = errorOf(socket);
      socket.write(GET.repeat(3));
      for (let packet = 0; packet < 30; packet++) {
        socket.write("no request at all\r\n\r\n");
        await sleep(1);
      }
      socket.end();
      return { error: await ended, received };
    });
    assert.deepEqual(all, Array(5).fill(["200", "200", "200", "400"]));
  });

  it("a body far too large takes no answer back, however long it goes on", async () => {
    const all = await fiveTimes(async () => {
      const socket = connect({ port, host: "127.0.0.1" });
      let received = "";
      const ended = errorOf(socket);
      const body = Buffer.alloc(6_000_000, " ");
      const head = `POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
      socket.pause();
      socket.write(Buffer.concat([Buffer.from(GET.repeat(3) + head), body]));
      // It reads when it has sent all, as many clients do.
      await sleep(50);
      socket.on("data", (chunk) => (received += chunk.toString())).resume();
      return { error: await ended, received };
    });
    assert.deepEqual(all, Array(5).fill(["200", "200", "200", "413"]));
  });

  /** Resolves when there is a place below the limit: what isn't open to all is answered. */
  const untilPlace = async () => {
    const fails = "GET /fail HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (;;) {
      const answer = await raw(port, fails);
      if (answer.startsWith("HTTP/1.1 500 ")) return;
      // 408: the machine paused while it came.
      assert.match(answer, /^HTTP\/1.1 (503|408) /);
      await sleep(5);
    }
  };

  it("a client that doesn't read its answers is cut off", async () => {
    await startImpatient({ maxConnections: 1 });
    const socket = await open();
    socket.pause();
    socket.on("error", () => undefined);
    const end = closed(socket);
    // More than the system's buffers hold, and no more requests than may wait.
    socket.write(GET.replace("/", "/large").repeat(40));
    const probe = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert.match(await raw(port, probe), /^HTTP\/1.1 (200|408) /, "others are served meanwhile");
    await untilPlace();
    socket.resume();
    await end;
  });

  it("an expectation that nobody knows: 417; an upgrade is passed over, and ends the connection", async () => {
    assert.match(
      await raw(port, GET.replace("\r\n\r\n", "\r\nExpect: miracles\r\n\r\n")),
      /^HTTP\/1.1 417 [^]*content-length: [^]*\{"error":"Expect: 100-continue is all/,
    );
    const upgrade = "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert.match(
      await raw(port, GET.replace("\r\n\r\n", upgrade) + GET),
      /^HTTP\/1.1 200 [^]*Connection: close[^]*hello$/,
    );
  });

  it("what is not HTTP: 400", async () => {
    assert.match(
      await raw(port, "HELO example.org\r\n\r\n"),
      /^HTTP\/1.1 400 [^]*\{"error":"not a valid HTTP request"\}$/,
    );
  });

  it("each request's span ends once, with its status; 499 when the client leaves first", async () => {
    const events: string[] = [];
    const startHttp = (
      method: string,
      path: string,
      header: (name: string) => string | undefined,
    ) => {
      events.push(`${method} ${path} ${header("traceparent") ?? "none"}`);
      return {
        traceId: "trace",
        route: (template: string) => events.push(`route ${template}`),
        runs: () => events.push("runs"),
        ran: () => events.push("ran"),
        end: (status: number) => events.push(`end ${status}`),
      } as unknown as RequestSpan;
    };
    const startRpc = () => assert.fail("no RPC here");
    await http.close();
    await start(60_000, { level: "debug", tracer: { startHttp, startRpc } });
    const end = "Host: x\r\nConnection: close\r\n\r\n";
    await raw(port, `GET / HTTP/1.1\r\nTraceparent: 00-1-2-01\r\n${end}`);
    assert.deepEqual(events.splice(0), ["GET / 00-1-2-01", "route /", "end 200"]);
    assert.match(lines.at(-1)!, /"traceId":"trace"/);
    await raw(port, `GET /none HTTP/1.1\r\n${end}`);
    assert.deepEqual(events.splice(0), ["GET /none none", "end 404"]);
    await raw(port, `GET /fail HTTP/1.1\r\n${end}`);
    assert.deepEqual(events.splice(0), ["GET /fail none", "route /fail", "end 500"]);
    const socket = await open();
    socket.write(GET.replace("/", "/held"));
    await holding(1);
    socket.destroy();
    while (!events.some((event) => event.startsWith("end"))) await sleep(5);
    for (const release of releases) release();
    await sleep(20);
    assert.deepEqual(events, ["GET /held none", "route /held", "end 499"]);
  });

  it("a taken port is an error", async () => {
    const log = createLog("error");
    const second = createHttpTransport({ routes: new Router([]), maxBodyBytes: 1, log });
    await assert.rejects(second.listen(port, "127.0.0.1"), { code: "EADDRINUSE" });
  });
});
