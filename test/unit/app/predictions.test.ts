import assert from "node:assert/strict";
import { readGolden, retrainedModels, shippedModels } from "./support/models";
import { assertPredictions, get, post, runServer, type RunningServer } from "./support/server";

for (const [what, modelsDir, version] of [
  ["the shipped iris model", shippedModels, "1"],
  ["a retrained iris model, newest version by default", retrainedModels, "2"],
] as const)
  describe(`predictions of ${what}`, () => {
    const golden = readGolden(modelsDir);
    let server: RunningServer;
    before(async () => {
      server = await runServer({ MODELS_DIR: modelsDir });
    });
    after(() => server.close());

    it("are those of scikit-learn, row by row", async () => {
      assert.equal(golden.version, version);
      assert.equal(golden.requests.length, 150);
      for (const request of golden.requests) {
        const body = JSON.stringify({ instances: [request.instance] });
        assertPredictions((await post(`${server.url}/predict`, body)).body, golden, [request]);
      }
    });

    it("are those of scikit-learn, all rows in one request", async () => {
      const instances = golden.requests.map(({ instance }) => instance);
      const { status, body } = await post(`${server.url}/predict`, JSON.stringify({ instances }));
      assert.equal(status, 200);
      assertPredictions(body, golden, golden.requests);
    });

    it("go to the right requester when many ask at once", async () => {
      const answers = await Promise.all(
        golden.requests.map(({ instance }) =>
          post(`${server.url}/predict`, JSON.stringify({ instances: [instance] })),
        ),
      );
      answers.forEach(({ body }, i) => assertPredictions(body, golden, [golden.requests[i]!]));
    });

    it("take one bare instance, whatever the content type", async () => {
      const [first] = golden.requests;
      for (const type of ["application/json", "application/x-www-form-urlencoded", "text/plain"]) {
        const response = await fetch(`${server.url}/predict`, {
          method: "POST",
          headers: { "content-type": type },
          body: JSON.stringify(first!.instance),
        });
        assertPredictions(await response.json(), golden, [first!]);
      }
    });
  });

it("the two versions answer differently", () => {
  const labels = (modelsDir: string) =>
    readGolden(modelsDir).requests.map(({ prediction }) => prediction.label);
  const other = labels(retrainedModels);
  assert.ok(labels(shippedModels).filter((label, i) => label !== other[i]).length >= 50);
});

describe("what is told of the model", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer();
  });
  after(() => server.close());

  it("its score, as trained", async () => {
    assert.deepEqual((await get(`${server.url}/score`)).body, {
      model: "iris",
      version: "1",
      score: 0.933333,
      metric: "accuracy",
      testRows: 60,
    });
  });

  it("the greeting, whose example request works", async () => {
    const { headers, body } = await get(`${server.url}/`);
    const greeting = body as {
      model: string;
      version: string;
      score: number;
      predict: { method: string; path: string; body: unknown };
    };
    assert.match(headers.get("content-type") ?? "", /^application\/json/);
    assert.equal(`${greeting.model} ${greeting.version} ${greeting.score}`, "iris 1 0.933333");
    const { method, path, body: example } = greeting.predict;
    const response = await fetch(server.url + path, { method, body: JSON.stringify(example) });
    assert.equal(response.status, 200);
  });
});
