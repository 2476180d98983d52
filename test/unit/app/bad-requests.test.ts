import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { slow } from "./support/graphs";
import { temporaryModels } from "./support/models";
import { raw, runServer, type RunningServer } from "./support/server";
import { ask, type Question } from "./transports/client";
import { variedModels } from "./transports/models";
import { protocols } from "./transports/protocols";

const ROW = [5.1, 3.5, 1.4, 0.2];
const KEY = "correct horse battery staple";
const KEY_HEADER = { authorization: `Bearer ${KEY}` };

function keysFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "modelport-keys-"));
  const file = path.join(folder, "keys");
  writeFileSync(file, `tester ${createHash("sha256").update(KEY).digest("hex")}\n`);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return file;
}

for (const [name, { path: pathOf, request, parts, rowsField }] of Object.entries(protocols))
  describe(`bad requests over ${name}`, () => {
    let server: RunningServer;
    let guarded: RunningServer;
    before(async () => {
      const MODELS_DIR = variedModels();
      server = await runServer({ MODELS_DIR, MAX_ROWS: "3", MAX_BODY_BYTES: "4096" });
      guarded = await runServer({
        MODELS_DIR,
        API_KEYS_FILE: keysFile(),
        RATE_LIMIT: "1",
        RATE_BURST: "3",
      });
    });
    after(() => Promise.all([server.close(), guarded.close()]));

    const refused = async (
      question: Question,
      status: number,
      field: string | undefined,
      message: RegExp,
      at = pathOf("iris"),
      own = server,
    ) => {
      const answer = await ask(own.url + at, question);
      assert.equal(answer.status, status, answer.bytes.toString());
      assert.equal(answer.headers.get("content-type"), "application/json");
      const [told, error] = parts(answer.body);
      assert.match(error, message);
      assert.equal(told, field);
      return answer;
    };

    it("are told from good ones", async () => {
      const good: Question[] = [
        { body: request(ROW) },
        { body: request(ROW, 3) },
        { body: request([3.4028234663852886e38, -3.4e38, 0, -0]) },
        { body: JSON.stringify(request(ROW)).padEnd(4096) },
        { body: gzipSync(JSON.stringify(request(ROW))), headers: { "content-encoding": "gzip" } },
        {
          body: deflateSync(JSON.stringify(request(ROW))),
          headers: { "content-encoding": "deflate" },
        },
      ];
      for (const question of good)
        assert.equal((await ask(server.url + pathOf("iris"), question)).status, 200);
      assert.equal(
        (await ask(server.url + pathOf("iris", "1"), { body: request(ROW) })).status,
        200,
      );
      const { status } = await ask(guarded.url + pathOf("iris"), {
        body: request(ROW),
        headers: KEY_HEADER,
      });
      assert.equal(status, 200);
    });

    const bodies: [what: string, body: string | Uint8Array, message: RegExp][] = [
      ["an empty body", "", /the body is empty/],
      ["no JSON", "sepal=5.1", /not JSON/],
      ["NaN, which is no JSON", JSON.stringify(request(ROW)).replace("5.1", "NaN"), /not JSON/],
      ["JSON that stops", JSON.stringify(request(ROW)).slice(0, -3), /not JSON/],
      ["deep nesting", "[".repeat(2000), /not JSON/],
      ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), /not UTF-8/],
      ["null", "null", /got null/],
      ["a number", "5", /got a number/],
      ["a text", '"hello"', /got a string/],
    ];
    for (const [what, body, message] of bodies)
      it(`${what}: 400`, () => refused({ body }, 400, undefined, message).then(() => undefined));

    it("infinity: 400 at the number", async () => {
      const body = JSON.stringify(request(ROW)).replace("1.4", "1e999");
      const answer = await ask(server.url + pathOf("iris"), { body });
      assert.equal(answer.status, 400);
      const [field, error] = parts(answer.body);
      assert.match(error, /finite number/);
      assert.match(String(field), /\[2\]$/);
    });

    it("an unknown model, version, or model and version: 404", async () => {
      const body = request(ROW);
      await refused({ body }, 404, undefined, /^no model "rose"$/, pathOf("rose"));
      await refused(
        { body },
        404,
        undefined,
        /^no version "7" of model "iris"$/,
        pathOf("iris", "7"),
      );
      await refused(
        { body },
        404,
        undefined,
        /^no version "one" of model "iris"$/,
        pathOf("iris", "one"),
      );
    });

    it("too many rows: 413 at the rows", () =>
      refused({ body: request(ROW, 4) }, 413, rowsField, /at most 3.*got 4/).then(() => undefined));

    it("too large a body, as sent or when decompressed: 413", async () => {
      const large = JSON.stringify(request(ROW)).padEnd(4097);
      await refused({ body: large }, 413, undefined, /at most 4096 bytes/);
      await refused({ body: " ".repeat(3_000_000) }, 413, undefined, /at most 4096 bytes/);
      const headers = { "content-encoding": "gzip" };
      const bomb = gzipSync(Buffer.alloc(3_000_000));
      assert.ok(bomb.length < 4096);
      await refused({ body: bomb, headers }, 413, undefined, /at most 4096 bytes/);
    });

    it("an encoding that is unknown, or not what it says: 415, 400", async () => {
      const body = JSON.stringify(request(ROW));
      const br = { "content-encoding": "br" };
      const answer = await refused({ body, headers: br }, 415, undefined, /"br": gzip, deflate/);
      assert.equal(answer.headers.get("accept-encoding"), "gzip, deflate");
      const gzip = { "content-encoding": "gzip" };
      await refused({ body, headers: gzip }, 400, undefined, /not gzip/);
      const cut = gzipSync(body).subarray(0, 40);
      await refused({ body: cut, headers: gzip }, 400, undefined, /not gzip/);
    });

    for (const method of ["GET", "PUT", "DELETE", "PATCH"])
      it(`${method}: 405, what is allowed instead`, async () => {
        const answer = await refused({ method }, 405, undefined, /is not allowed here/);
        assert.equal(answer.headers.get("allow"), "POST, OPTIONS");
      });

    it("numbers that the model has no finite answer to: 422, or the protocol's tokens", async () => {
      const body = request([-1, 0]);
      if (name === "TensorFlow Serving") {
        const { bytes } = await ask(server.url + pathOf("log"), { body });
        assert.equal(bytes.toString(), '{"predictions":[[NaN,-Infinity]]}');
      } else
        await refused({ body }, 422, undefined, /answer to row 0 is not a finite/, pathOf("log"));
    });

    it("no key, a wrong one, or one in a wrong place: 401", async () => {
      const body = request(ROW);
      const wrong: Record<string, string>[] = [
        {},
        { authorization: `Bearer ${KEY}x` },
        { authorization: "Bearer " },
        { authorization: `Basic ${Buffer.from(`tester:${KEY}`).toString("base64")}` },
        { "x-api-key": "" },
        { "x-api-key": "k".repeat(8000) },
        { cookie: `key=${KEY}` },
      ];
      for (const headers of wrong) {
        const answer = await refused(
          { body, headers },
          401,
          undefined,
          /API key/,
          pathOf("iris"),
          guarded,
        );
        assert.equal(answer.headers.get("www-authenticate"), "Bearer");
      }
      const unknown = await ask(guarded.url + pathOf("rose"), { body });
      assert.equal(unknown.status, 401, "whoever has no key learns nothing of the models");
    });

    it("more than the rate limit: 429, with the time to wait", async () => {
      const question = { body: request(ROW), headers: { "x-api-key": KEY } };
      let answer = await ask(guarded.url + pathOf("iris"), question);
      for (let i = 0; i < 100 && answer.status === 200; i++)
        answer = await ask(guarded.url + pathOf("iris"), question);
      assert.equal(answer.status, 429);
      assert.match(parts(answer.body)[1], /at most 1 requests a second, 3 at once/);
      assert.equal(answer.headers.get("retry-after"), "1");
    });

    it("a slow client: 408, in a shape that every protocol knows", async () => {
      const impatient = await runServer({ REQUEST_SECONDS: "1" });
      try {
        const head = `POST ${pathOf("iris")} HTTP/1.1\r\nHost: x\r\n`;
        const body = JSON.stringify(request(ROW));
        for (const text of [
          head,
          `${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
        ]) {
          const answer = await raw(impatient.port, text);
          assert.match(
            answer,
            /^HTTP\/1.1 408 [^]*\{"error":"the request took too long to arrive"\}$/,
          );
        }
      } finally {
        await impatient.close();
      }
    });

    it("bad framing: 400, in a shape that every protocol knows", async () => {
      const head = `POST ${pathOf("iris")} HTTP/1.1\r\nHost: x\r\n`;
      const framings = [
        `${head}Content-Length: -1\r\n\r\n`,
        `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
        `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        `${head}Transfer-Encoding: chunked\r\n\r\nnot a size\r\n`,
        `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
        `${head} folded: header\r\n\r\n`,
        `${head}No-Colon\r\n\r\n`,
        `POST ${pathOf("iris")} HTTP/9.9\r\nHost: x\r\n\r\n`,
      ];
      for (const text of framings)
        assert.match(
          await raw(server.port, text),
          /^HTTP\/1.1 400 [^]*\{"error":"not a valid HTTP request"\}$/,
          JSON.stringify(text),
        );
    });

    it("none of them was the server's own fault", () => {
      for (const { lines } of [server, guarded])
        assert.deepEqual(
          lines.filter(({ level }) => level === "error"),
          [],
        );
    });
  });

describe("overload", () => {
  it("is told at once, in each protocol's shape, with the time to wait; what waits is answered", async () => {
    const MODELS_DIR = temporaryModels().addGraph("slow", slow(40)).path;
    const server = await runServer({ MODELS_DIR, MAX_QUEUE: "1", MAX_BATCH_ROWS: "1" });
    try {
      for (const { path: pathOf, request, parts } of Object.values(protocols)) {
        const body = request([1, 2]);
        const answers = await Promise.all(
          Array.from({ length: 8 }, () => ask(server.url + pathOf("slow"), { body })),
        );
        const refused = answers.filter(({ status }) => status === 503);
        assert.ok(refused.length > 0);
        assert.ok(answers.some(({ status }) => status === 200));
        for (const { headers, body } of refused) {
          assert.equal(headers.get("retry-after"), "1");
          const [field, message] = parts(body);
          assert.equal(field, undefined);
          assert.match(message, /requests wait for this model already/);
        }
      }
    } finally {
      await server.close();
    }
  });
});
