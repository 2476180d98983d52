import * as assert from "node:assert/strict";
import { PROJECT, TOKENS } from "../../../support/clouds/google/names";
import { authorize, registries } from "../../../support/clouds/google/repository";
import { REGION, TestProject } from "./support/project";

const HOST = `${REGION}-docker.pkg.dev`;
const IMAGE = `${PROJECT}/images/iris`;

describe("the simulated Google Cloud's registries", () => {
  let project: TestProject;
  let password: string;
  beforeEach(async () => {
    project = await TestProject.start();
    password = await project.accessToken();
  });
  afterEach(() => project.close());

  const make = (inputs = {}) =>
    project.make(TOKENS.repository, {
      location: REGION,
      repositoryId: "images",
      format: "DOCKER",
      ...inputs,
    });
  const ask = (
    action: "pull" | "push",
    login: { user: string; password: string } | undefined = { user: "oauth2accesstoken", password },
    repository = IMAGE,
    host = HOST,
  ) => authorize(project.cloud, login, { host, repository, action });
  const anonymous = (action: "pull" | "push", repository = IMAGE) =>
    authorize(project.cloud, undefined, { host: HOST, repository, action });

  it("answer for pkg.dev and gcr.io, and nothing else", () => {
    const [{ pattern } = { pattern: /^$/ }] = registries(project.cloud);
    assert.ok([HOST, "gcr.io", "eu.gcr.io"].every((host) => pattern.test(host)));
    assert.ok(!["docker.io", "pkg.dev.example.com", "mygcr.io"].some((host) => pattern.test(host)));
  });

  it("take pushes with an access token into a repository that is there", async () => {
    assert.deepEqual(ask("push"), {
      ok: false,
      rule: "registry-repository",
      status: 404,
      code: "NAME_UNKNOWN",
      message: 'Repository "images" not found',
    });
    await make();
    assert.deepEqual(ask("push"), { ok: true });
  });

  it("want a repository of its own behind gcr.io", async () => {
    const push = () => ask("push", undefined, `${PROJECT}/modelport/prod/iris`, "gcr.io");
    assert.deepEqual(push(), {
      ok: false,
      rule: "registry-repository",
      status: 404,
      code: "NAME_UNKNOWN",
      message: 'Repository "gcr.io" not found',
    });
    await make({ location: "us", repositoryId: "gcr.io" });
    assert.deepEqual(push(), { ok: true });
  });

  it("refuse other users, other tokens, and tokens after their hour", async () => {
    await make();
    const refused = {
      ok: false,
      rule: "registry-login",
      status: 401,
      code: "UNAUTHORIZED",
      message: "authentication failed",
    };
    assert.deepEqual(ask("push", { user: "_json_key", password }), refused);
    assert.deepEqual(ask("push", { user: "oauth2accesstoken", password: "other" }), refused);
    project.cloud.store.set("ahead", 3601 * 1000);
    assert.deepEqual(ask("push"), refused);
  });

  it("refuse what nobody has logged in for, but to nodes whose account may read", async () => {
    await make();
    const status = (verdict: ReturnType<typeof ask>) => (verdict.ok ? 200 : verdict.status);
    assert.equal(status(anonymous("pull")), 401);
    await project.make(TOKENS.account, { accountId: "nodes" });
    const email = `nodes@${PROJECT}.iam.gserviceaccount.com`;
    await project.cluster({ nodeConfig: { serviceAccount: email } });
    assert.equal(status(anonymous("pull")), 401);
    await project.make(TOKENS.member, {
      role: "roles/artifactregistry.reader",
      member: `serviceAccount:${email}`,
    });
    assert.equal(status(anonymous("pull")), 200);
    assert.equal(status(anonymous("push")), 401);
    // Who asks for the registry itself wants to be told how to log in.
    assert.equal(status(anonymous("pull", "")), 401);
  });

  it("know the conditions permission-denied and registry-full", async () => {
    await make();
    const permission = "artifactregistry.repositories.uploadArtifacts";
    project.cloud.faults.condition("permission-denied", permission);
    assert.deepEqual(ask("push"), {
      ok: false,
      rule: "registry-permission",
      status: 403,
      code: "DENIED",
      message: `Permission "${permission}" denied on resource "projects/${PROJECT}/locations/${REGION}/repositories/images" (or it may not exist)`,
    });
    project.cloud.faults.clear();
    project.cloud.faults.condition("registry-full", true);
    const full = ask("push");
    assert.ok(!full.ok && full.status === 429);
    assert.deepEqual(ask("pull"), { ok: true });
  });
});
