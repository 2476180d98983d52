import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createLog, logLevels, type LogLevel } from "../../../app/server/log";

describe("log", () => {
  const record = (level: LogLevel) => {
    const lines: string[] = [];
    return { lines, log: createLog(level, (line) => lines.push(line)) };
  };

  it("is one JSON object a line: time, level as a word, message, fields", () => {
    const { lines, log } = record("info");
    const began = Date.now();
    log.warn("two\nlines", { model: "iris", seconds: 0.5, text: 'a "quote" ü', none: undefined });
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^\{[^\n]*\}\n$/);
    const { time, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.deepEqual(rest, {
      level: "warn",
      message: "two\nlines",
      model: "iris",
      seconds: 0.5,
      text: 'a "quote" ü',
    });
    assert.equal(new Date(String(time)).toISOString(), time);
    const logged = Date.parse(String(time));
    assert.ok(began <= logged && logged <= Date.now(), String(time));
  });

  it("leaves out what is below its level", () => {
    for (const [i, level] of logLevels.entries()) {
      const { lines, log } = record(level);
      for (const own of logLevels) log[own](own);
      assert.deepEqual(
        lines.map((line) => (JSON.parse(line) as { level: string }).level),
        logLevels.slice(i),
      );
      assert.equal(log.level, level);
    }
  });

  it("takes a message as it is", () => {
    const { lines, log } = record("info");
    log.info("100 % of %s and %o");
    assert.equal((JSON.parse(lines[0]!) as { message: string }).message, "100 % of %s and %o");
  });

  it("loses no line when the process ends at once", () => {
    const program = `
      const { createLog } = require("./app/server/log");
      const log = createLog("info");
      for (let i = 0; i < 2000; i++) log.info("line", { i, filler: "x".repeat(100) });
      process.exit(3);`;
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--require", "tsx/cjs", "-e", program],
      {
        encoding: "utf8",
      },
    );
    assert.equal(status, 3);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 2000);
    assert.equal((JSON.parse(lines[1999]!) as { i: number }).i, 1999);
  });
});
