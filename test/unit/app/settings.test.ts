import assert from "node:assert/strict";
import { readSettings } from "../../../app/server/settings";

describe("settings", () => {
  it("have defaults for everything; an empty variable is none", () => {
    const defaults = {
      port: 8080,
      host: undefined,
      modelsDir: "/app/models",
      defaultModel: undefined,
      logLevel: "info",
      maxBodyBytes: 65_536,
      maxRows: 1024,
      drainSeconds: 3,
    };
    assert.deepEqual(readSettings({}), defaults);
    assert.deepEqual(readSettings({ PORT: "", MODELS_DIR: " " }), defaults);
  });

  it("are all taken from the environment", () => {
    assert.deepEqual(
      readSettings({
        PORT: "0",
        HOST: "::1",
        MODELS_DIR: "m",
        DEFAULT_MODEL: "iris",
        LOG_LEVEL: "debug",
        MAX_BODY_BYTES: "1000",
        MAX_ROWS: "7",
        DRAIN_SECONDS: "0",
      }),
      {
        port: 0,
        host: "::1",
        modelsDir: "m",
        defaultModel: "iris",
        logLevel: "debug",
        maxBodyBytes: 1000,
        maxRows: 7,
        drainSeconds: 0,
      },
    );
  });

  it("tell all that is wrong at once: name, value, what is allowed", () => {
    const wrong = {
      PORT: "65536",
      LOG_LEVEL: "loud",
      MAX_ROWS: "0",
      MAX_BODY_BYTES: "1e3",
      DRAIN_SECONDS: "-1",
    };
    assert.throws(() => readSettings(wrong), {
      message: [
        'PORT: got "65536", a whole number from 0 to 65535 is needed',
        'LOG_LEVEL: got "loud", one of debug, info, warn, error is needed',
        'MAX_BODY_BYTES: got "1e3", a whole number from 1 to 67108864 is needed',
        'MAX_ROWS: got "0", a whole number from 1 to 1000000 is needed',
        'DRAIN_SECONDS: got "-1", a whole number from 0 to 3600 is needed',
      ].join("\n"),
    });
  });
});
