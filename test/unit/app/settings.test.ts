import assert from "node:assert/strict";
import { readSettings } from "../../../app/server/settings";

describe("settings", () => {
  const defaults = {
    port: 8080,
    grpcPort: 8081,
    metricsPort: 9090,
    host: undefined,
    modelsDir: "/app/models",
    defaultModel: undefined,
    modelVersions: new Map(),
    pollSeconds: 2,
    logLevel: "info",
    maxBodyBytes: 65_536,
    maxRows: 1024,
    maxBatchRows: 1024,
    maxQueue: 1024,
    maxConnections: 4096,
    requestSeconds: 10,
    drainSeconds: 3,
    workers: 1,
    apiKeysFile: undefined,
    rateLimit: 0,
    rateBurst: 1,
  };

  it("have defaults for everything; an empty variable is none", () => {
    assert.deepEqual(readSettings({}), defaults);
    assert.deepEqual(
      readSettings({ PORT: "", MODELS_DIR: " ", GRPC_PORT: "", MODEL_VERSIONS: " " }),
      defaults,
    );
  });

  it("are all taken from the environment", () => {
    assert.deepEqual(
      readSettings({
        PORT: "0",
        GRPC_PORT: "1",
        METRICS_PORT: "off",
        HOST: "::1",
        MODELS_DIR: "m",
        DEFAULT_MODEL: "iris",
        MODEL_VERSIONS: "iris=1  and-gate=2,13",
        MODELS_POLL_SECONDS: "0.25",
        LOG_LEVEL: "debug",
        MAX_BODY_BYTES: "1000",
        MAX_ROWS: "7",
        MAX_BATCH_ROWS: "8",
        MAX_QUEUE: "9",
        MAX_CONNECTIONS: "10",
        REQUEST_SECONDS: "11",
        DRAIN_SECONDS: "0",
        WORKERS: "0",
        API_KEYS_FILE: "/run/keys",
        RATE_LIMIT: "12",
        RATE_BURST: "13",
      }),
      {
        port: 0,
        grpcPort: 1,
        metricsPort: undefined,
        host: "::1",
        modelsDir: "m",
        defaultModel: "iris",
        modelVersions: new Map([
          ["iris", ["1"]],
          ["and-gate", ["2", "13"]],
        ]),
        pollSeconds: 0.25,
        logLevel: "debug",
        maxBodyBytes: 1000,
        maxRows: 7,
        maxBatchRows: 8,
        maxQueue: 9,
        maxConnections: 10,
        requestSeconds: 11,
        drainSeconds: 0,
        workers: 0,
        apiKeysFile: "/run/keys",
        rateLimit: 12,
        rateBurst: 13,
      },
    );
  });

  it("a burst is twice the rate unless it is given", () => {
    assert.equal(readSettings({ RATE_LIMIT: "50" }).rateBurst, 100);
  });

  it("tell all that is wrong at once: name, value, what is allowed", () => {
    const wrong = {
      PORT: "65536",
      GRPC_PORT: "on",
      METRICS_PORT: "-1",
      MODELS_POLL_SECONDS: "2s",
      LOG_LEVEL: "loud",
      MAX_ROWS: "0",
      MAX_BODY_BYTES: "1e3",
      DRAIN_SECONDS: "-1",
      WORKERS: "65",
    };
    assert.throws(() => readSettings(wrong), {
      message: [
        'PORT: got "65536", a whole number from 0 to 65535 is needed',
        'GRPC_PORT: got "on", "off" or a whole number from 0 to 65535 is needed',
        'METRICS_PORT: got "-1", "off" or a whole number from 0 to 65535 is needed',
        'MODELS_POLL_SECONDS: got "2s", a number of seconds from 0 to 3600 is needed',
        'LOG_LEVEL: got "loud", one of debug, info, warn, error is needed',
        'MAX_BODY_BYTES: got "1e3", a whole number from 1 to 67108864 is needed',
        'MAX_ROWS: got "0", a whole number from 1 to 1000000 is needed',
        'DRAIN_SECONDS: got "-1", a whole number from 0 to 3600 is needed',
        'WORKERS: got "65", a whole number from 0 to 64 is needed',
      ].join("\n"),
    });
  });

  it("MODEL_VERSIONS that make no sense are refused", () => {
    for (const value of ["iris", "iris=", "iris=0", "iris=1,", "iris=a", "Iris=1", "a=1 a=2", "=1"])
      assert.throws(() => readSettings({ MODEL_VERSIONS: value }), {
        message:
          `MODEL_VERSIONS: got "${value}", a list such as "iris=1 spam=2,3", ` +
          "each model once, is needed",
      });
  });
});
