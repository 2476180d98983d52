import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { readConfig } from "../../../../infra/config";
import { ConfigError, type Fault } from "../../../../infra/errors";

type Plain = Record<string, unknown>;

const OWN = { image: `r.example.com/own@sha256:${"a".repeat(64)}`, prediction: { body: {} } };
const secure = (text: string) => ({ secure: text });

/** As the engine opens what the file holds. */
function opened(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("secure" in value) return value.secure;
  if (Array.isArray(value)) return value.map(opened);
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, opened(child)]));
}

describe("which values of a stack are secrets", () => {
  const saved = process.env["PULUMI_CONFIG_SECRET_KEYS"];
  let root: string;
  beforeEach(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "secret-paths-"));
    const mocks = {
      newResource: () => ({ id: "x", state: {} }),
      call: () => ({}),
    };
    await pulumi.runtime.setMocks(mocks, "modelport", "Own.stack", true);
  });
  afterEach(() => {
    if (saved === undefined) delete process.env["PULUMI_CONFIG_SECRET_KEYS"];
    else process.env["PULUMI_CONFIG_SECRET_KEYS"] = saved;
    fs.rmSync(root, { recursive: true });
  });

  /** What the engine does with a stack's file. @param file what stands there really */
  async function read(config: Plain, file: Plain | "none" = config) {
    const all: Plain = { target: "embedded", ...config };
    if (file !== "none") {
      const keys = Object.entries({ target: "embedded", ...file });
      const text = stringify({
        config: Object.fromEntries(keys.map(([key, value]) => [`modelport:${key}`, value])),
      });
      fs.writeFileSync(path.join(root, "Pulumi.Own.stack.yaml"), text);
    }
    const values = Object.entries(all).map(([key, value]) => {
      const plain = opened(value);
      return [`modelport:${key}`, typeof plain === "string" ? plain : JSON.stringify(plain)];
    });
    const secret = Object.keys(all).filter((key) => JSON.stringify(all[key]).includes('"secure"'));
    pulumi.runtime.setAllConfig(Object.fromEntries(values) as Record<string, string>);
    process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify(
      secret.map((key) => `modelport:${key}`),
    );
    return readConfig([], root);
  }

  async function faults(config: Plain): Promise<readonly Fault[]> {
    const error: unknown = await read(config).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults;
  }

  const secrets = { db: { PASSWORD: secure("hunter2") } };

  it("is told by the stack's file", async () => {
    const { config, closeEnv } = await read({ services: { own: { ...OWN, secrets } } });
    assert.deepEqual(config.services["own"]?.secrets, { db: { PASSWORD: "hunter2" } });
    assert.equal(closeEnv, false);
  });

  it("refuses one where it would be written in plain", async () => {
    const env = { TOKEN: secure("hunter2"), LEVEL: "debug" };
    const transform = { Deployment: { metadata: { annotations: { a: secure("hunter2") } } } };
    const all = await faults({ services: { own: { ...OWN, secrets, env, transform } } });
    assert.deepEqual(
      all.map(({ key }) => key),
      [
        "modelport:services.own.env.TOKEN",
        "modelport:services.own.transform.Deployment.metadata.annotations.a",
      ],
    );
    assert.match(all[0]?.fix ?? "", /config rm .*env\.TOKEN.* && .*--secret .*\.secrets\./);
    assert.doesNotMatch(JSON.stringify(all), /hunter2/);
  });

  it("refuses a section that is one as a whole: what is in it is written in plain", async () => {
    const services = secure(JSON.stringify({ own: OWN }));
    assert.deepEqual(
      (await faults({ services })).map(({ key }) => key),
      ["modelport:services"],
    );
  });

  it("refuses plain text beside one, wherever a secret belongs", async () => {
    const services = {
      own: { ...OWN, secrets: { db: { PASSWORD: secure("x"), USER: "hunter2" } } },
      tls: {
        ...OWN,
        exposure: "Ingress",
        host: "a.example.com",
        tls: {
          certificate: "-----BEGIN CERTIFICATE-----",
          key: "-----BEGIN PRIVATE KEY-----\nhunter2",
        },
      },
      git: {
        prediction: { body: {} },
        build: {
          git: {
            repository: "https://example.com/a/b",
            credentials: { user: "me", token: "hunter2" },
          },
        },
      },
    };
    const registry = { server: "r.example.com", user: "me", password: "hunter2" };
    const kubeconfig = secure("text");
    const all = await faults({ target: "existing", services, existing: { kubeconfig, registry } });
    const plain = all.filter(({ got }) => got === "plain text");
    assert.deepEqual(
      plain.map(({ key }) => key.replace("modelport:", "")),
      [
        "services.own.secrets.db.USER",
        "services.tls.tls.key",
        "services.git.build.git.credentials.token",
        "existing.registry.password",
      ],
    );
    assert.doesNotMatch(JSON.stringify(all), /hunter2/);
  });

  it("is not known without the file, or by another file: variables are then kept secret", async () => {
    const services = { own: { ...OWN, secrets, env: { TOKEN: secure("hunter2") } } };
    assert.equal((await read({ services }, "none")).closeEnv, true);
    const others: Plain[] = [
      { services: { other: { ...OWN, secrets } } },
      { services: { own: { ...OWN, secrets, env: { LEVEL: "debug" } } } },
      { services: { own: { ...OWN, secrets: { db: { PASSWORD: "x" } }, env: { TOKEN: "x" } } } },
    ];
    for (const other of others) assert.equal((await read({ services }, other)).closeEnv, true);
    const plain = { services: { own: { ...OWN, env: { LEVEL: "debug" } } } };
    assert.equal((await read(plain, "none")).closeEnv, false, "there is no secret");
  });
});
