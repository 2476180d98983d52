import assert from "node:assert/strict";
import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo, Server } from "node:net";
import {
  LoadGenerator,
  type Exchange,
  type LoadPlan,
  type LoadReport,
} from "../../../bench/serving/load";
import { parseCores } from "../../../bench/serving/machine";
import { silentProgress } from "../../../local/progress";
import { ensureTools } from "../../../local/toolchain";

/** Answers a request's body in capitals, unless told otherwise. */
type Answer = (body: string, response: http.ServerResponse) => void;

const capitals: Answer = (body, response) => response.end(body.toUpperCase());

function exchange(body: string, answer = body.toUpperCase()): Exchange {
  const head = `POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { send: Buffer.from(head + body), answer: Buffer.from(answer) };
}

const exchanges = ["one", "two", "three"].map((body) => exchange(body));

describe("bench/serving/load", function () {
  let generator: LoadGenerator;
  const servers: Server[] = [];

  before(async function () {
    this.timeout(600_000); // The generator is built once, from Go.
    const { loadgen } = await ensureTools(["loadgen"], { progress: silentProgress() });
    generator = new LoadGenerator(loadgen.bin["loadgen"] ?? "", 0);
  });

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    return (server.address() as AddressInfo).port;
  }

  function serve(answer: Answer): Promise<number> {
    const server = http.createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => answer(body, response));
    });
    return listen(server);
  }

  async function load(answer: Answer, plan: Partial<LoadPlan> = {}, least = 30) {
    const port = await serve(answer);
    const whole = { port, exchanges, connections: 4, seconds: 0.4, warmupSeconds: 0.1, ...plan };
    return runUntil(whole, least);
  }

  /** Runs until `least` requests came to an end: in as short a time a busy machine may have done nothing. */
  async function runUntil(plan: LoadPlan, least: number): Promise<LoadReport> {
    for (;;) {
      const report = await generator.run(plan);
      if (report.answered + report.errors >= least) return report;
    }
  }

  it("counts right answers and their latencies", async () => {
    let asked = 0;
    const report = await load((body, response) => {
      asked++;
      capitals(body, response);
    });
    assert.equal(report.errors, 0, report.firstError);
    assert.ok(report.answered > 0 && report.answered < asked, `${report.answered} of ${asked}`);
    assert.equal(report.requestsPerSecond, report.answered / 0.4);
    const { p50, p90, p99, p999, max } = report.latency;
    assert.ok(0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max);
  });

  it("sends all requests in turn", async () => {
    const bodies: string[] = [];
    await load(
      (body, response) => {
        bodies.push(body);
        capitals(body, response);
      },
      { connections: 1 },
    );
    assert.deepEqual(bodies.slice(0, 4), ["one", "two", "three", "one"]);
  });

  it("tells a wrong body and a wrong status, though the server is content", async () => {
    const report = await load((body, response) => {
      if (body === "two") response.statusCode = 503;
      response.end(body === "three" ? "TREE!" : body.toUpperCase());
    });
    assert.ok(report.bodies > 0 && (report.statuses["503"] ?? 0) > 0);
    assert.equal(report.errors, report.bodies + (report.statuses["503"] ?? 0));
    assert.match(
      report.firstError ?? "",
      /request [12]: (status 503|expected "THREE", got "TREE!")/,
    );
  });

  it("counts a connection that breaks instead of answering, and goes on", async () => {
    let asked = 0;
    const report = await load((body, response) => {
      if (++asked % 10 === 0) response.socket?.destroy();
      else capitals(body, response);
    });
    assert.ok(report.broken > 0 && report.answered > 0);
    assert.match(report.firstError ?? "", /closed the connection instead of answering|reset/);
  });

  it("connects again when the server ends its connections in order", async () => {
    const report = await load((body, response) => {
      response.setHeader("Connection", "close");
      capitals(body, response);
    });
    assert.equal(report.errors, 0, report.firstError);
    assert.ok(report.reconnects >= report.answered);
  });

  it("counts as an error that nobody listens", async () => {
    const port = await serve(capitals);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const plan = { port, exchanges, connections: 1, seconds: 0.2, warmupSeconds: 0 };
    const report = await generator.run(plan);
    assert.equal(report.answered, 0);
    assert.match(report.firstError ?? "", /refused/);
  });

  it("takes large answers that come in pieces", async () => {
    const long = "x".repeat(200_000);
    const plan = { exchanges: [exchange("long", long)] };
    const report = await load((_body, response) => response.end(long), plan, 1);
    assert.equal(report.errors, 0, report.firstError);
  });

  describe("at a given rate", () => {
    // What is late is waited for, longer than any pause of the machine takes.
    const graceSeconds = 30;

    it("sends exactly what is due", async () => {
      const report = await load(capitals, { rate: 500, seconds: 0.6, graceSeconds });
      assert.equal(report.answered, 300);
      assert.equal(report.lost + report.errors, 0, report.firstError);
    });

    it("counts from when a request was due: a pause of the server is in all that it held up", async () => {
      let asked = 0;
      const report = await load(
        (body, response) => {
          if (++asked === 100) {
            const until = Date.now() + 250;
            while (Date.now() < until);
          }
          capitals(body, response);
        },
        { rate: 400, seconds: 0.8, warmupSeconds: 0, connections: 2, graceSeconds },
      );
      assert.equal(report.answered, 320);
      // A quarter of a second of 0.8 s was lost to the pause: about 100 requests fell due in it.
      assert.ok(report.latency.p90 > 100_000, `p90 is ${report.latency.p90} µs`);
      assert.ok(report.latency.max > 200_000);
    });

    it("counts what was never answered as lost", async () => {
      let asked = 0;
      const report = await load(
        (body, response) => {
          if (++asked !== 20) capitals(body, response);
        },
        { rate: 200, seconds: 0.5, graceSeconds: 7, connections: 3 },
      );
      assert.equal(report.lost, 1);
      assert.equal(report.errors, 0);
    });

    it("reports windows that add up", async () => {
      const report = await load(capitals, {
        rate: 400,
        seconds: 0.8,
        windowSeconds: 0.2,
        graceSeconds,
      });
      assert.equal(report.windows?.length, 4);
      assert.equal(
        report.windows.reduce((sum, { answered }) => sum + answered, 0),
        report.answered,
      );
    });
  });

  it("makes gRPC calls one after another", async () => {
    const message = Buffer.from([0, 0, 0, 0, 3, 1, 2, 3]);
    const answer = Buffer.from([0, 0, 0, 0, 2, 8, 9]);
    const seen: http2.IncomingHttpHeaders[] = [];
    const server = http2.createServer();
    server.on("stream", (stream, headers) => {
      seen.push(headers);
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const right = Buffer.concat(chunks).equals(message);
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": right ? "0" : "3" }));
        stream.end(right ? answer : undefined);
      });
    });
    const port = await listen(server);
    const headers = [
      [":method", "POST"],
      [":scheme", "http"],
      [":path", "/a.B/C"],
      [":authority", "127.0.0.1"],
      ["te", "trailers"],
      ["authorization", "Bearer k"],
    ] as const;
    const plan = {
      protocol: "grpc",
      headers,
      connections: 3,
      seconds: 0.4,
      warmupSeconds: 0,
    } as const;
    const right = { ...plan, port, exchanges: [{ send: message, answer }] };
    const report = await runUntil(right, 100);
    assert.equal(report.errors, 0, report.firstError);
    assert.equal(seen[0]?.[":path"], "/a.B/C");
    assert.equal(seen[0].authorization, "Bearer k");
    const wrong = { ...plan, port, seconds: 0.1, exchanges: [{ send: answer, answer }] };
    assert.equal((await runUntil(wrong, 1)).answered, 0);
  });

  it("loads nobody but this machine", async () => {
    const plan = { port: 0, exchanges: [], connections: 1, seconds: 1, warmupSeconds: 0 };
    await assert.rejects(generator.run(plan), /requests: none/);
    await assert.rejects(generator.run({ ...plan, seconds: 1e6 }), /seconds: got 1e\+06/);
  });
});

describe("bench/serving/machine", () => {
  it("reads lists of cores", () => {
    assert.deepEqual(parseCores("0-2,5"), [0, 1, 2, 5]);
    assert.deepEqual(parseCores("3"), [3]);
    assert.deepEqual(parseCores(""), []);
  });
});
