import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { shippedModels } from "./support/models";
import { runServer, type RunningServer } from "./support/server";

interface Golden {
  readonly tolerance: number;
  readonly requests: readonly { instance: unknown; prediction: Prediction }[];
}

interface Prediction {
  readonly label: string;
  readonly probabilities: readonly number[];
}

/** A fraction of the golden texts is longer than what one request may hold. */
const LARGEST_BODY = 2 ** 20;

describe("every shipped model gives the original framework's answers", () => {
  let server: RunningServer;
  before(async () => {
    server = await runServer({ MAX_BODY_BYTES: String(LARGEST_BODY) });
  });
  after(() => server.close());

  for (const [model, rows] of [
    ["and-gate", 176],
    ["iris", 150],
    ["spam", 196],
  ] as const)
    for (const version of versionsOf(model))
      it(`${model} ${version}`, async () => {
        const file = path.join(shippedModels, model, version, "golden.json");
        const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
        assert.equal(golden.requests.length, rows);
        const response = await fetch(`${server.url}/predict?model=${model}&version=${version}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ instances: golden.requests.map(({ instance }) => instance) }),
        });
        const body = (await response.json()) as { predictions: Prediction[] };
        assert.equal(response.status, 200, JSON.stringify(body).slice(0, 300));
        golden.requests.forEach(({ instance, prediction }, i) => {
          const row = JSON.stringify(instance).slice(0, 200);
          const got = body.predictions[i]!;
          assert.equal(got.label, prediction.label, `label of ${row}`);
          prediction.probabilities.forEach((wanted, j) => {
            const off = Math.abs(wanted - got.probabilities[j]!);
            assert.ok(off <= golden.tolerance, `probability ${j} of ${row} is off by ${off}`);
          });
        });
      });
});

function versionsOf(model: string): string[] {
  return readdirSync(path.join(shippedModels, model)).filter((name) => /^\d+$/.test(name));
}
