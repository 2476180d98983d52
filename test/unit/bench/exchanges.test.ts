import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { difference, learnExchanges } from "../../../bench/serving/exchanges";
import { jsonPost } from "../../../bench/serving/contenders";
import { measured, trial } from "./support/trials";

const golden = { instance: [1, 2], prediction: { label: "a", probabilities: [0.9, 0.1] } };

describe("bench/serving/exchanges", () => {
  it("takes an answer within the tolerance, with or without a label", () => {
    assert.equal(
      difference(golden, [{ label: "a", probabilities: [0.90001, 0.09999] }], 1e-4),
      undefined,
    );
    assert.equal(difference(golden, [{ probabilities: [0.9, 0.1] }], 1e-4), undefined);
  });

  it("tells what is wrong with another", () => {
    const of = (...predictions: { label?: string; probabilities: number[] }[]) =>
      difference(golden, predictions, 1e-4);
    assert.equal(of({ label: "b", probabilities: [0.9, 0.1] }), '"b" instead of "a"');
    assert.equal(of({ label: "a", probabilities: [0.91, 0.09] }), "0.91, 0.09 instead of 0.9, 0.1");
    assert.match(of({ label: "a", probabilities: [0.9] }) ?? "", /instead of/);
    assert.match(of({ label: "a", probabilities: [0.9, NaN] }) ?? "", /instead of/);
    assert.equal(of(), "0 predictions instead of 1");
  });

  describe("against a server", () => {
    let server: http.Server;
    let probability = 0.9;
    before((done) => {
      server = http.createServer((request, response) => {
        request.resume();
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify([{ label: "a", probabilities: [probability, 0.1] }]));
      });
      server.listen(0, "127.0.0.1", done);
    });
    after((done) => {
      server.close(done);
    });

    const { entry } = measured("peer", "iris", [trial(1)]);
    const contender: typeof entry.contender = {
      ...entry.contender,
      post: (_model, instance) => jsonPost("/predict", instance),
      predictions: (answer) => answer as { label: string; probabilities: number[] }[],
    };
    const learn = () =>
      learnExchanges(
        contender,
        { ...entry.model, tolerance: 1e-4, golden: [golden] },
        (server.address() as AddressInfo).port,
      );

    it("learns the bytes to send and the bytes that must come back", async () => {
      probability = 0.9;
      const [exchange] = await learn();
      assert.equal(exchange?.answer.toString(), '[{"label":"a","probabilities":[0.9,0.1]}]');
      assert.match(
        exchange.send.toString(),
        /^POST \/predict HTTP\/1\.1\r\nHost: 127\.0\.0\.1\r\n(?:.*\r\n)*Content-Length: 5\r\n\r\n\[1,2\]$/,
      );
    });

    it("refuses to measure a server that answers wrongly", async () => {
      probability = 0.7;
      await assert.rejects(learn(), /peer & co answers \[1,2\] wrongly: 0\.7, 0\.1 instead/);
    });
  });
});
