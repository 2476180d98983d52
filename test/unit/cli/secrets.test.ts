import assert from "node:assert/strict";
import * as path from "node:path";
import { apiKeyOf } from "../../../cli/api-key";
import { secretOpener, servicesOf } from "../../../cli/secrets";
import type { StackSettings } from "../../../cli/stack";
import { checkedConfig } from "../../../cli/stack-config";
import { UserError } from "../../../local/errors";
import { passphraseSalt, seal } from "./support/passphrase";
import { Sandbox } from "./support/sandbox";

const KEY = "a-key-that-nobody-guesses";

describe("secrets of a stack's file, without an engine", () => {
  let sandbox: Sandbox;
  let settings: StackSettings;
  before(() => {
    sandbox = new Sandbox();
    const salt = passphraseSalt("open sesame");
    const services = {
      iris: { models: ["iris"], apiKeys: { me: { secure: seal(KEY, "open sesame", salt) } } },
      open: { models: ["iris"] },
    };
    const config = { "modelport:target": "embedded", "modelport:services": services };
    settings = { target: "embedded", config, hasSalt: true, salt };
  });
  beforeEach(() => (process.env["PULUMI_CONFIG_PASSPHRASE"] = "open sesame"));
  afterEach(() => Reflect.deleteProperty(process.env, "MODELPORT_API_KEY"));
  after(() => sandbox.remove());

  it("are opened with the passphrase, and fill the config", async () => {
    const config = await checkedConfig(settings.config, "prod", secretOpener("prod", settings));
    assert.deepEqual(config.services["iris"]?.apiKeys, { me: KEY });
  });

  it("stay closed where nobody needs them", async () => {
    const config = await checkedConfig(settings.config, "prod");
    assert.doesNotMatch(JSON.stringify(config), new RegExp(KEY));
  });

  it("stay closed in a certificate's key too, which is no fault", async () => {
    const tls = {
      certificate: "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
      key: { secure: "v1:sealed" },
    };
    const iris = { models: ["iris"], exposure: "Ingress", host: "iris.example.com", tls };
    const { services } = await checkedConfig(
      {
        "modelport:target": "gke",
        "modelport:gke": { project: "my-project-123" },
        "modelport:services": { iris },
      },
      "prod",
    );
    assert.doesNotMatch(JSON.stringify(services), /sealed/);
    process.env["MODELPORT_API_KEY"] = KEY;
    const { config, ...rest } = settings;
    const more = {
      ...config,
      "modelport:services": { iris: { ...iris, apiKeys: { me: { secure: "v1:x" } } } },
    };
    const opened = await servicesOf("prod", {
      ...rest,
      config: { ...more, "modelport:target": "gke" },
    });
    assert.deepEqual(opened["iris"]?.apiKeys, { me: KEY });
  });

  it("stay closed wherever config may keep them, which is no fault", async () => {
    const closed = { secure: "v1:sealed" };
    const given = { models: ["iris"], exposure: "Ingress", host: "iris.example.com" };
    const tls = { certificate: closed, key: closed, caCertificate: closed };
    const git = { repository: "https://git.example.com/a.git" };
    const prediction = { path: "/score", body: {} };
    const byKey = { repository: "git@git.example.com:a.git", credentials: { sshKey: closed } };
    const { services } = await checkedConfig(
      {
        "modelport:target": "existing",
        "modelport:existing": {
          kubeconfig: closed,
          registry: { server: "registry.example.com", user: "me", password: closed },
          ingress: { className: "nginx" },
        },
        "modelport:services": {
          iris: { ...given, apiKeys: { me: closed }, secrets: { db: { KEY: closed } }, tls },
          git: {
            prediction,
            build: { git: { ...git, credentials: { user: closed, token: closed } } },
          },
          ssh: { prediction, build: { git: byKey } },
        },
      },
      "prod",
    );
    assert.deepEqual(Object.keys(services), ["iris", "git", "ssh"]);
    assert.doesNotMatch(JSON.stringify(services), /sealed/);
  });

  it("are the API key of a service, unless another one is given", () => {
    assert.equal(apiKeyOf("prod", settings, "iris"), KEY);
    assert.equal(apiKeyOf("prod", settings, "open"), undefined);
    process.env["MODELPORT_API_KEY"] = "from the environment";
    assert.equal(apiKeyOf("prod", settings, "iris"), "from the environment");
    assert.equal(apiKeyOf("prod", settings, "iris", "from the option"), "from the option");
  });

  const refusals: [string, () => void, Partial<StackSettings>, RegExp][] = [
    [
      "another passphrase",
      () => (process.env["PULUMI_CONFIG_PASSPHRASE"] = "close"),
      {},
      /not the one they were made with/,
    ],
    [
      "no passphrase",
      () => Reflect.deleteProperty(process.env, "PULUMI_CONFIG_PASSPHRASE"),
      {},
      /no passphrase is known/,
    ],
    ["another secrets provider", () => undefined, { salt: "" }, /its secrets provider/],
  ];
  for (const [title, prepare, change, why] of refusals)
    it(`say what is missing: ${title}`, () => {
      prepare();
      assert.throws(
        () => apiKeyOf("prod", { ...settings, ...change }, "iris"),
        (error) =>
          error instanceof UserError &&
          why.test(error.why ?? "") &&
          /PULUMI_CONFIG_PASSPHRASE.*MODELPORT_API_KEY/.test(error.fix ?? ""),
      );
    });

  it("may come from a passphrase file", () => {
    Reflect.deleteProperty(process.env, "PULUMI_CONFIG_PASSPHRASE");
    sandbox.write("passphrase", "open sesame\n");
    process.env["PULUMI_CONFIG_PASSPHRASE_FILE"] = path.join(sandbox.root, "passphrase");
    assert.equal(apiKeyOf("prod", settings, "iris"), KEY);
  });
});
