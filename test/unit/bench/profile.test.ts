import assert from "node:assert/strict";
import { selfTimes } from "../../../bench/serving/profile";

const frame = (functionName: string, url = "", lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
});

describe("bench/serving/profile", () => {
  it("adds up each function's own time, wherever it was called from, without the idle time", () => {
    const times = selfTimes({
      nodes: [
        { id: 1, callFrame: frame("(idle)") },
        { id: 2, callFrame: frame("parse", "file:///srv/server.js", 9) },
        { id: 3, callFrame: frame("parse", "file:///srv/server.js", 9) },
        { id: 4, callFrame: frame("(garbage collector)") },
        { id: 5, callFrame: frame("", "node:net", 1) },
      ],
      samples: [1, 2, 3, 4, 5],
      timeDeltas: [1000, 50, 25, 20, 5],
    });
    assert.deepEqual(times, [
      { name: "parse server.js:10", share: 0.75 },
      { name: "(garbage collector)", share: 0.2 },
      { name: "(anonymous) node:net:2", share: 0.05 },
    ]);
  });

  it("leaves out what came before the load", () => {
    const nodes = [
      { id: 1, callFrame: frame("compile") },
      { id: 2, callFrame: frame("answer") },
    ];
    const times = selfTimes({ nodes, samples: [1, 1, 2, 2], timeDeltas: [100, 100, 10, 10] }, 205);
    assert.deepEqual(times, [{ name: "answer", share: 1 }]);
  });

  it("has nothing to tell of an idle process", () => {
    assert.deepEqual(
      selfTimes({ nodes: [{ id: 1, callFrame: frame("(idle)") }], samples: [1], timeDeltas: [9] }),
      [],
    );
  });
});
