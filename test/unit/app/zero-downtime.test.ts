import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { scaling, slow } from "./support/graphs";
import { temporaryModels } from "./support/models";
import { get, post, runServer, type RunningServer } from "./support/server";

describe("a server whose models change", () => {
  let server: RunningServer;
  afterEach(() => server.close());

  it("answers every request of 16 connections while versions and models come, change and go", async function () {
    this.timeout(60_000);
    const models = temporaryModels().addGraph("m", scaling(1));
    server = await runServer({
      MODELS_DIR: models.path,
      DEFAULT_MODEL: "m",
      MODELS_POLL_SECONDS: "0.02",
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    let stopped = false;
    const versions = new Set<string>();
    const client = async (): Promise<number> => {
      let count = 0;
      for (; !stopped; count++) {
        const { status, body } = await predict(server.port, agent);
        assert.equal(status, 200, body);
        const { version, predictions } = JSON.parse(body) as {
          version: string;
          predictions: { y: number[] }[];
        };
        const [one, two] = predictions[0]!.y;
        // The factor is a thousand times the version, and some: an answer is all of one version.
        assert.equal(two, 2 * one!);
        assert.equal(String(Math.floor(one! / 1000) || 1), version);
        versions.add(version);
      }
      return count;
    };
    const clients = Promise.all(Array.from({ length: 16 }, client));
    for (let version = 2; version < 8; version++) {
      models.addGraph("m", scaling(1000 * version), String(version));
      models.addGraph("beside", scaling(1), String(version));
      await until(() => versions.has(String(version)));
      models.addGraph("m", scaling(1000 * version + 1), String(version));
      await sleep(60);
      models.remove(`m/${version}`).remove("beside");
    }
    stopped = true;
    const counts = await clients;
    agent.destroy();
    assert.ok(counts.every((count) => count > 0));
    assert.deepEqual([...versions].sort(), ["1", "2", "3", "4", "5", "6", "7"]);
  });

  it("answers its probes, and other models, while a slow model runs", async function () {
    this.timeout(60_000);
    const models = temporaryModels().addGraph("slow", slow(150)).addGraph("quick", scaling(2));
    server = await runServer({ MODELS_DIR: models.path });
    const predictSlow = () => post(`${server.url}/predict?model=slow`, "[1,2]");
    await predictSlow();
    const run = { ended: false };
    const answer = predictSlow().finally(() => (run.ended = true));
    let answered = 0;
    for (; !run.ended; answered++) {
      assert.equal((await get(`${server.url}/healthz`)).status, 200);
      assert.equal((await post(`${server.url}/predict?model=quick`, "[1,2]")).status, 200);
    }
    assert.equal((await answer).status, 200);
    // A server that waits for the run answers the first of them after it.
    assert.ok(answered >= 4, `${answered} answers while it ran`);
  });

  it("a model that waits too long for its turn refuses more: 503 with Retry-After", async function () {
    this.timeout(60_000);
    const models = temporaryModels().addGraph("slow", slow(60));
    server = await runServer({ MODELS_DIR: models.path, MAX_QUEUE: "2" });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => post(`${server.url}/predict`, "[1,2]")),
    );
    const refused = answers.filter(({ status }) => status === 503);
    assert.ok(refused.length > 0 && refused.length < 12, `${refused.length} refused`);
    for (const { headers, body } of refused) {
      assert.equal(headers.get("retry-after"), "1");
      assert.match((body as { error: string }).error, /^2 requests wait/);
    }
    assert.ok(answers.every(({ status }) => status === 200 || status === 503));
    assert.equal((await post(`${server.url}/predict`, "[1,2]")).status, 200);
  });

  async function until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < 4000 && !holds(); i++) await sleep(10);
    assert.ok(holds(), "never came to be");
  }
});

/** One prediction on a connection of `agent`. */
function predict(port: number, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", path: "/predict", method: "POST", agent };
    const own = request(options, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    own.on("error", reject);
    own.end("[1,2]");
  });
}
