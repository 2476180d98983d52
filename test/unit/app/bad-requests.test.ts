import assert from "node:assert/strict";
import { request } from "node:http";
import { post, raw, runServer, type RunningServer } from "./support/server";

describe("bad requests", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MAX_ROWS: "3" });
  });
  after(() => server.close());

  const bodies: [
    what: string,
    body: string,
    status: number,
    field: string | undefined,
    error: RegExp,
  ][] = [
    ["an empty body", "", 400, undefined, /body is empty/],
    ["no JSON", "sepal=5.1", 400, undefined, /not JSON/],
    ["NaN, which is no JSON", '{"instances":[[NaN,1,2,3]]}', 400, undefined, /not JSON/],
    ["JSON that stops", '{"instances":[[5.1,', 400, undefined, /not JSON/],
    ["deep nesting", "[".repeat(30_000), 400, undefined, /not JSON/],
    ["null", "null", 400, undefined, /got null/],
    ["a number", "5", 400, undefined, /got a number/],
    ["a text for a model of numbers", '"hello"', 400, undefined, /got a string/],
    ["no instances", "{}", 400, "instances", /got nothing/],
    ["instances that are no list", '{"instances":{"0":[1,2,3,4]}}', 400, "instances", /an object/],
    ["an empty list", '{"instances":[]}', 400, "instances", /at least one/],
    ["a misspelt field", '{"instance":[1,2,3,4]}', 400, "instance", /unknown field "instance"/],
    ["one field too many", '{"instances":[[1,2,3,4]],"x":1}', 400, "x", /unknown field "x"/],
    ["__proto__", '{"__proto__":{},"instances":[[1,2,3,4]]}', 400, "__proto__", /unknown field/],
    ["a number for an instance", '{"instances":[[1,2,3,4],5]}', 400, "instances[1]", /a number/],
    ["three features", '{"instances":[[1,2,3]]}', 400, "instances[0]", /4 numbers .*got 3/],
    ["five features", '{"instances":[[1,2,3,4,5]]}', 400, "instances[0]", /4 numbers .*got 5/],
    [
      "a text for a number",
      '{"instances":[[1,2,3,4],[1,2,"3",4]]}',
      400,
      "instances[1][2]",
      /petal length.*a string/,
    ],
    ["null for a number", '{"instances":[[null,2,3,4]]}', 400, "instances[0][0]", /got null/],
    ["true for a number", '{"instances":[[1,2,3,true]]}', 400, "instances[0][3]", /a boolean/],
    ["a list for a number", '{"instances":[[1,2,3,[4]]]}', 400, "instances[0][3]", /an array/],
    ["infinity", '{"instances":[[1,2,3,1e999]]}', 400, "instances[0][3]", /beyond float32/],
    [
      "more than float32 holds",
      '{"instances":[[1,-1e39,3,4]]}',
      400,
      "instances[0][1]",
      /beyond float32/,
    ],
    ["a bare instance of three", "[1,2,3]", 400, "instance", /4 numbers .*got 3/],
    ["a bare instance with null", "[1,2,3,null]", 400, "instance[3]", /got null/],
    ["an empty bare instance", "[]", 400, "instance", /4 numbers .*got 0/],
    ["bare instances without a name", "[[1,2,3,4]]", 400, "instances", /need their name/],
    [
      "too many rows",
      '{"instances":[[1,2,3,4],[1,2,3,4],[1,2,3,4],[1,2,3,4]]}',
      413,
      "instances",
      /at most 3.*got 4/,
    ],
    ["too large a body", `[1,2,3,${" ".repeat(65_536)}4]`, 413, undefined, /at most 65536 bytes/],
    ["much too large a body", " ".repeat(4_000_000), 413, undefined, /at most 65536 bytes/],
  ];
  for (const [what, body, status, field, error] of bodies)
    it(`${what}: ${status}${field === undefined ? "" : ` at ${field}`}`, async () => {
      const got = await post(`${server.url}/predict`, body);
      const told = got.body as { error: string; field?: string };
      assert.equal(got.status, status);
      assert.match(told.error, error);
      assert.equal(told.field, field);
    });

  it("the largest body and the most rows allowed are answered", async () => {
    const rows = '{"instances":[[1,2,3,4],[1,2,3,4],[3.4028234663852886e38,2,3,-3.4e38]]}';
    assert.equal((await post(`${server.url}/predict`, rows.padEnd(65_536))).status, 200);
  });

  it("a name from outside comes back cut", async () => {
    const { body } = await post(`${server.url}/predict`, JSON.stringify({ ["x".repeat(5000)]: 1 }));
    assert.ok(JSON.stringify(body).length < 300);
  });

  it("bytes that are no UTF-8: 400", async () => {
    assert.equal(
      (await post(`${server.url}/predict`, new Uint8Array([0xff, 0xfe, 0]))).status,
      400,
    );
  });

  it("a compressed body: 415", async () => {
    const response = await fetch(`${server.url}/predict`, {
      method: "POST",
      headers: { "content-encoding": "gzip" },
      body: "x",
    });
    assert.equal(response.status, 415);
  });

  for (const [method, path, allow] of [
    ["GET", "/predict", "POST, OPTIONS"],
    ["PUT", "/predict", "POST, OPTIONS"],
    ["POST", "/score", "GET, HEAD, OPTIONS"],
    ["DELETE", "/", "GET, HEAD, OPTIONS"],
  ] as const)
    it(`${method} ${path}: 405, what is allowed instead`, async () => {
      const response = await fetch(server.url + path, { method });
      assert.equal(response.status, 405);
      assert.equal(response.headers.get("allow"), allow);
      assert.match(((await response.json()) as { error: string }).error, /not allowed/);
    });

  it("OPTIONS: 204 with Allow and no body", async () => {
    const answer = await raw(
      server.port,
      "OPTIONS /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert.match(answer, /^HTTP\/1.1 204 /);
    assert.match(answer, /\r\nallow: POST, OPTIONS\r\n/);
    assert.doesNotMatch(answer, /content-length|transfer-encoding/i);
  });

  it("HEAD: as GET, without the body", async () => {
    const answer = await raw(
      server.port,
      "HEAD /score HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert.match(answer, /^HTTP\/1.1 200 [^]*content-length: 81\r\n[^]*\r\n\r\n$/);
  });

  it("an unknown path: 404, what there is instead", async () => {
    const response = await fetch(`${server.url}/predic`);
    assert.equal(response.status, 404);
    assert.match(await response.text(), /\/predict/);
  });

  it("a query is ignored", async () => {
    assert.equal((await fetch(`${server.url}/score?cache=no`)).status, 200);
  });

  it("what is not HTTP: 400 in the same shape", async () => {
    const answer = await raw(server.port, "HELO example.org\r\n\r\n");
    assert.match(answer, /^HTTP\/1.1 400 [^]*\{"error":"not a valid HTTP request"\}$/);
  });

  it("headers beyond 16 KiB: 431", async () => {
    const answer = await raw(
      server.port,
      `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1.1 431 /);
  });

  it("a client that asks first is refused before it sends too much, and told to go on otherwise", async () => {
    const ask = (length: number, body: string) =>
      new Promise<{ status: number | undefined; continued: boolean }>((resolve, reject) => {
        let continued = false;
        const headers = { expect: "100-continue", "content-length": length };
        const outgoing = request(
          `${server.url}/predict`,
          { method: "POST", headers },
          (response) => {
            response.resume();
            resolve({ status: response.statusCode, continued });
            outgoing.destroy();
          },
        );
        outgoing.on("continue", () => {
          continued = true;
          outgoing.end(body);
        });
        outgoing.on("error", reject);
        outgoing.flushHeaders();
      });
    assert.deepEqual(await ask(70_000, ""), { status: 413, continued: false });
    assert.deepEqual(await ask(9, "[1,2,3,4]"), { status: 200, continued: true });
  });

  it("a client that leaves in the middle of its body harms nobody", async () => {
    await new Promise<void>((resolve) => {
      const headers = { "content-length": 100 };
      const outgoing = request(`${server.url}/predict`, { method: "POST", headers });
      outgoing.on("error", () => resolve());
      outgoing.write('{"instances":', () =>
        setTimeout(() => outgoing.destroy(new Error("gone")), 20),
      );
    });
    assert.equal((await post(`${server.url}/predict`, "[1,2,3,4]")).status, 200);
  });

  it("none of them was the server's own fault", () => {
    assert.deepEqual(
      server.lines.filter(({ level }) => level !== "info"),
      [],
    );
  });
});
