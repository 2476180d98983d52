import assert from "node:assert/strict";
import { request } from "node:http";
import { raw, runServer, type RunningServer } from "../../support/server";
import { ask } from "../client";
import { variedModels } from "../models";

describe("plain endpoints", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MODELS_DIR: variedModels(), DEFAULT_MODEL: "iris", MAX_ROWS: "3" });
  });
  after(() => server.close());

  const predict = (body: unknown, model = "iris", headers = {}) =>
    ask(`${server.url}/predict?model=${model}`, { body, headers });

  describe("predict", () => {
    it("takes instances, or one bare instance, whatever the content type says", async () => {
      const { body } = await predict({ instances: [[5.1, 3.5, 1.4, 0.2]] });
      assert.deepEqual(Object.keys(body), ["model", "version", "predictions"]);
      for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain"]) {
        const bare = await predict([5.1, 3.5, 1.4, 0.2], "iris", { "content-type": type });
        assert.deepEqual(bare.body, body);
      }
    });

    it("takes texts: as instances, bare, in base64, or as they are", async () => {
      const text = 'He said "ü👋"\n';
      const answer = { model: "text", version: "1", predictions: [{ same: text }] };
      const b64 = Buffer.from(text).toString("base64");
      for (const body of [
        { instances: [text] },
        JSON.stringify(text),
        { instances: [{ b64 }] },
        { b64 },
      ])
        assert.deepEqual((await predict(body, "text")).body, answer);
      for (const type of ["text/plain", "Text/Plain; Charset=UTF-8", 'text/plain;charset="utf-8"'])
        assert.deepEqual((await predict(text, "text", { "content-type": type })).body, answer);
      const empty = await predict("", "text", { "content-type": "text/plain" });
      assert.deepEqual(empty.body["predictions"], [{ same: "" }]);
    });

    it("takes an object of inputs by name for several inputs; rows may be as long as they like", async () => {
      const one = { text: "a", flag: true, count: [7], row: [1, 2.5] };
      const two = { row: [3, -4], count: [-8], flag: false, text: "" };
      const { body } = await predict({ instances: [one, two] }, "several");
      assert.deepEqual(body["predictions"], [
        { "same-text": "a", "same-flag": true, "same-count": [7], "same-row": [1, 2.5] },
        { "same-text": "", "same-flag": false, "same-count": [-8], "same-row": [3, -4] },
      ]);
      const bare = await predict(one, "several");
      assert.deepEqual(bare.body["predictions"], (body["predictions"] as unknown[]).slice(0, 1));
    });

    it("keeps whole numbers beyond 2^53 exact, both ways", async () => {
      const ends = ["9223372036854775807", "-9223372036854775808", "9007199254740993"];
      for (const count of ends) {
        const body = `{"text":"a","flag":true,"count":[${count}],"row":[12345678901234567890]}`;
        const { bytes } = await predict(body, "several");
        assert.match(bytes.toString(), new RegExp(`"same-count":\\[${count}\\]`));
        assert.match(bytes.toString(), /"same-row":\[12345678901234567000\]/);
      }
    });
  });

  it("score: of the model that is asked for, with a reason where there is none", async () => {
    const score = {
      model: "iris",
      version: "1",
      score: 0.933333,
      metric: "accuracy",
      testRows: 60,
    };
    for (const query of ["", "?cache=no", "?model=iris&version=1"])
      assert.deepEqual((await ask(`${server.url}/score${query}`)).body, score);
    const { status, body } = await ask(`${server.url}/score?model=log`);
    assert.equal(status, 404);
    assert.match(String(body["error"]), /"log" has no score: its model\.json has no evaluation/);
  });

  it("health and readiness: with every model", async () => {
    assert.deepEqual((await ask(`${server.url}/healthz`)).body, { status: "ok" });
    const { body } = await ask(`${server.url}/readyz`);
    assert.equal(body["ready"], true);
    assert.equal((body["models"] as unknown[]).length, 4);
  });

  it("HEAD: as GET, without the body", async () => {
    const head = "HEAD /score HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const { bytes } = await ask(`${server.url}/score`);
    const answer = await raw(server.port, head);
    assert.match(answer, /^HTTP\/1.1 200 /);
    assert.ok(answer.includes(`\r\ncontent-length: ${bytes.length}\r\n`));
    assert.ok(answer.endsWith("\r\n\r\n"));
  });

  it("OPTIONS: 204 with Allow and no body", async () => {
    const options = "OPTIONS /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const answer = await raw(server.port, options);
    assert.match(answer, /^HTTP\/1.1 204 /);
    assert.match(answer, /\r\nallow: POST, OPTIONS\r\n/);
    assert.doesNotMatch(answer, /content-length|transfer-encoding/i);
  });

  it("an unknown path: 404, what there is instead; a wrong method: 405", async () => {
    const { status, body } = await ask(`${server.url}/predic`);
    assert.equal(status, 404);
    assert.match(String(body["error"]), /\/predict/);
    for (const [method, path] of [
      ["POST", "/score"],
      ["DELETE", "/"],
      ["PUT", "/healthz"],
    ] as const) {
      const answer = await ask(server.url + path, { method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get("allow"), "GET, HEAD, OPTIONS");
    }
  });

  it("a client that asks first is refused before it sends too much, and told to go on otherwise", async () => {
    const send = (length: number, body: string) =>
      new Promise<{ status: number | undefined; continued: boolean }>((resolve, reject) => {
        let continued = false;
        const headers = { expect: "100-continue", "content-length": length };
        const options = { method: "POST", headers };
        const outgoing = request(`${server.url}/predict`, options, (response) => {
          response.resume();
          resolve({ status: response.statusCode, continued });
          outgoing.destroy();
        });
        outgoing.on("continue", () => {
          continued = true;
          outgoing.end(body);
        });
        outgoing.on("error", reject);
        outgoing.flushHeaders();
      });
    assert.deepEqual(await send(70_000, ""), { status: 413, continued: false });
    assert.deepEqual(await send(9, "[1,2,3,4]"), { status: 200, continued: true });
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
    assert.equal((await predict([1, 2, 3, 4])).status, 200);
  });
});
