import assert from "node:assert/strict";
import { composeDocument } from "../../../cli/compose";
import { launchOf } from "../../../cli/dev/launch";
import { planDev } from "../../../cli/dev/plan";
import { parseConfig } from "../../../infra/config";
import { Sandbox } from "./support/sandbox";

const REPOSITORY = "https://git.example.com/iris.git";
const CONTEXT = `${REPOSITORY}#v1:models/iris`;

const services = () =>
  parseConfig({
    stack: "x",
    values: {
      "modelport:target": "openshift",
      "modelport:openshift": JSON.stringify({
        registryNamespace: "acme-models",
        disableOutboundTrafficProtection: true,
      }),
      "modelport:services": JSON.stringify({
        own: {
          build: {
            dockerfile: "Containerfile",
            git: { repository: REPOSITORY, ref: "v1", contextDir: "models/iris" },
          },
          prediction: { body: {} },
        },
      }),
    },
    secretKeys: [],
    models: [],
  }).services;

describe("a service that its cluster builds from Git", () => {
  it("is built from there by Compose", () => {
    const { own } = composeDocument(services(), "x", "..").services as Record<
      string,
      { build: object }
    >;
    assert.deepEqual(own?.build, { context: CONTEXT, dockerfile: "Containerfile" });
  });

  it("is built from there by `modelport dev`, which watches no folder then", async () => {
    const sandbox = new Sandbox();
    try {
      const docker = sandbox.executable("docker", "echo 28.0.0");
      const planned = await planDev(services(), "modelport-x");
      const place = { stack: "x", services: planned, scratch: sandbox.root };
      const { build, sources } = launchOf(planned[0]!, place);
      assert.deepEqual(build, [
        docker,
        ...["build", "--tag", "modelport-dev/x/own", "--file", "Containerfile", CONTEXT],
      ]);
      assert.equal(sources, undefined);
    } finally {
      sandbox.remove();
    }
  });
});
