import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { readWorld } from "./campaign";
import { fuzzFraming } from "./drivers/framing";
import { fuzzHttp } from "./drivers/http";
import type { Plan } from "./drivers/plan";
import { Findings } from "./findings";
import type { World } from "./generate/case";
import type { Protocol } from "./generate/protocols";
import { stageModels } from "./server/models";

type Listener = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Servers with one fault each, which the campaign must find. */
describe("fuzz drivers: a fault of the server's is found", function () {
  this.timeout(600_000);
  let folder: string;
  let world: World;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "modelport-fuzz-"));
    world = readWorld(folder, stageModels(folder));
  });
  after(() => rmSync(folder, { recursive: true }));

  const error = (response: ServerResponse, status: number, body: unknown): void => {
    const text = JSON.stringify(body);
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    });
    response.end(text);
  };
  const faults: [what: string, listener: Listener, problem: RegExp][] = [
    ["5xx", (_, response) => error(response, 500, { error: "no" }), /answered 500/],
    ["success for all", (_, response) => error(response, 200, {}), /answered 200, 400 wanted/],
    ["refusal of all", (_, response) => error(response, 400, { error: "no" }), /400, 200 wanted/],
    [
      "an error in another protocol's shape",
      (_, response) => error(response, 400, { message: "no" }),
      /field "message"/,
    ],
    [
      "an error that tells of the inside",
      (_, response) => error(response, 400, { error: "Cannot read properties of undefined" }),
      /says "Cannot read"/,
    ],
    [
      "an error that is no JSON",
      (_, response) => response.writeHead(400, { "content-length": 2 }).end("no"),
      /Content-Type/,
    ],
    ["chunks", (_, response) => response.writeHead(400).end("no"), /malformed answer: Transfer/],
    ["no answer", (request) => request.socket.destroy(), /closed without an answer/],
    [
      "the answer to another request",
      (_, response) =>
        error(response, 200, {
          model: "iris",
          version: "1",
          predictions: [{ label: "setosa", probabilities: [0.9, 0.06, 0.04] }],
        }),
      /model: "iris", wanted|row 0: /,
    ],
  ];
  for (const [what, listener, problem] of faults)
    it(what, async () => {
      const findings = await fuzz(listener, ["http-plain", "tensorflow", "open-inference"], 300);
      assert.equal(findings.cases, 300);
      const problems = findings.kept.map((one) => one.problem);
      assert.ok(
        problems.some((one) => problem.test(one)),
        problems.join("\n"),
      );
    });

  it("a connection that goes on behind what is no request", async () => {
    const findings = await fuzz(
      (_, response) => error(response, 200, {}),
      ["framing"],
      24,
      // What can't be parsed is answered as if nothing were wrong.
      (server) =>
        server.on("clientError", (_, socket) =>
          socket.write(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
          ),
        ),
    );
    const problems = findings.kept.map((one) => one.problem);
    assert.ok(
      problems.some((one) => /a refusal wanted/.test(one)),
      problems.join("\n"),
    );
  });

  async function fuzz(
    listener: Listener,
    protocols: readonly Protocol[],
    count: number,
    prepare: (server: Server) => unknown = () => undefined,
  ): Promise<Findings> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => listener(request, response, body));
    });
    prepare(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const findings = new Findings();
    const plan: Plan = {
      port: (server.address() as AddressInfo).port,
      grpcPort: 0,
      world,
      seed: 1,
      counts: new Map(protocols.map((protocol) => [protocol, count / protocols.length])),
      findings,
      underWay: new Set(),
      signal: new AbortController().signal,
    };
    await Promise.all([fuzzHttp(plan), fuzzFraming(plan)]);
    server.closeAllConnections();
    server.close();
    return findings;
  }
});
