import * as assert from "node:assert/strict";
import { controlApi } from "../../../support/clouds/control";
import { google } from "../../../support/clouds/google";
import { deployerKey } from "../../../support/clouds/google/credentials";
import { TOKENS } from "../../../support/clouds/google/names";
import { pluginApi } from "../../../support/clouds/plugin";
import type { Values } from "../../../support/clouds/values";
import { TestProject } from "../google/support/project";

const ID = "projects/simulated-project/global/networks/net";
const NETWORK = { token: TOKENS.network, id: ID };

describe("what tests tell the simulated clouds", () => {
  let project: TestProject;
  beforeEach(async () => {
    project = await TestProject.start();
  });
  afterEach(() => project.close());

  const request = (method: string, body: Values) => ({
    method,
    path: "",
    query: new URLSearchParams(),
    headers: {},
    body,
  });
  const tell = (what: string, body: Values = {}, method = "POST") =>
    controlApi(new Map([[google, project.operations]]), project.cloud)(what, request(method, body));

  it("drift: changed, made and deleted by hand", async () => {
    const inputs = { project: "simulated-project", name: "net" };
    await tell("create", { token: TOKENS.network, inputs });
    await tell("change", { ...NETWORK, path: "description", value: "by hand" });
    const read = await project.operations.read(NETWORK);
    assert.equal(read?.outputs["description"], "by hand");
    assert.equal(read.inputs["description"], "by hand");
    await tell("delete", NETWORK);
    assert.equal(await project.operations.read(NETWORK), undefined);
  });

  it("a cluster deleted behind our back, whatever protects it", async () => {
    const id = await project.cluster({ deletionProtection: true });
    const cluster = { token: TOKENS.cluster, id };
    await assert.rejects(tell("delete", cluster), /deletion_protection/);
    await tell("delete", { ...cluster, force: true });
    assert.equal(await project.operations.read(cluster), undefined);
    assert.ok(!project.cloud.store.list().some(({ kind }) => kind === "google:instance"));
  });

  it("time: tokens end with it", async () => {
    const token = await project.accessToken();
    const url = "/compute/compute/v1/projects/simulated-project/global/networks";
    assert.equal((await project.ask(url, token)).status, 200);
    await tell("advance", { seconds: 3601 });
    assert.equal((await project.ask(url, token)).status, 401);
  });

  it("nothing that isn't known", async () => {
    assert.equal((await tell("nonsense")).status, 404);
    await assert.rejects(tell("conditions", { name: "nonsense" }));
    await assert.rejects(tell("faults", { method: "create", error: "e", cloud: "x" }));
  });

  it("reaches the plugin as a refusal with the cloud's words", async () => {
    await tell("faults", { token: TOKENS.network, method: "create", error: "no luck" });
    const { key } = deployerKey(project.cloud);
    const environment = { GOOGLE_CREDENTIALS: JSON.stringify(key) };
    const ask = pluginApi(google, project.cloud, project.operations);
    const body = {
      ...NETWORK,
      inputs: { project: "simulated-project", name: "net" },
      preview: false,
      config: {},
      environment,
    };
    assert.deepEqual(await ask("create", request("POST", body)), {
      status: 422,
      body: { error: "no luck" },
    });
    assert.equal((await ask("create", request("POST", body))).status, 200);
    const nobody = await ask("create", request("POST", { ...body, environment: {} }));
    assert.equal(nobody.status, 422);
  });
});
