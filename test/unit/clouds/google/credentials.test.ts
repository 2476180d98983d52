import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { promisify } from "node:util";
import { repositoryRoot } from "../../../../local/paths";
import { deployerKey, grant, login, sweepTokens } from "../../../support/clouds/google/credentials";
import { google } from "../../../support/clouds/google";
import { serveJson } from "../../../support/clouds/http";
import { TestProject } from "./support/project";

describe("logins of the simulated Google Cloud", () => {
  let project: TestProject;
  beforeEach(async () => {
    project = await TestProject.start();
  });
  afterEach(() => project.close());

  const tryKey = (text: string) =>
    login({ environment: { GOOGLE_APPLICATION_CREDENTIALS: text }, config: {} }, project.cloud);
  const keyText = () => fs.readFileSync(deployerKey(project.cloud).file, "utf8");

  it("are the key of the one account that deploys", () => {
    tryKey(keyText());
    assert.throws(
      () => tryKey(JSON.stringify({ ...deployerKey(project.cloud).key, private_key_id: "other" })),
      { message: 'oauth2: "invalid_grant" "Invalid JWT Signature."' },
    );
    assert.throws(() => tryKey("nonsense"), /invalid_grant/);
  });

  it("are wanted", () => {
    assert.throws(
      () => login({ environment: {}, config: {} }, project.cloud),
      /Attempted to load application default credentials since neither `credentials` nor `access_token` was set/,
    );
  });

  it("are refused once the key was revoked", async () => {
    project.cloud.faults.condition("revoked", true);
    assert.throws(() => tryKey(keyText()), /Invalid JWT Signature/);
    const { status } = await grant(
      { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: "a.b.c" },
      project.cloud,
    );
    assert.equal(status, 400);
  });

  it("can be an access token, for an hour", async () => {
    const token = await project.accessToken();
    const enter = () =>
      login({ environment: { GOOGLE_OAUTH_ACCESS_TOKEN: token }, config: {} }, project.cloud);
    enter();
    project.cloud.store.set("ahead", 3601 * 1000);
    assert.throws(enter, /googleapi: Error 401: Request had invalid authentication credentials/);
  });

  it("that are over are over for the API server too", async () => {
    await project.accessToken();
    const secrets = () =>
      [...project.api.objects.keys()].filter((key) => key.includes("/secrets/google-token-"));
    assert.equal(secrets().length, 1);
    project.cloud.faults.condition("expired", true);
    await sweepTokens(project.cloud);
    assert.equal(secrets().length, 0);
  });

  it("are given to the one who signs with the key: gke-gcloud-auth-plugin", async () => {
    const { cloud } = project;
    const server = await serveJson(cloud.settings.port, (request) =>
      google.rest({ ...request, path: request.path.replace("/google", "") }, cloud),
    );
    const plugin = () =>
      promisify(execFile)(
        process.execPath,
        ["--import", "tsx", "test/support/clouds/google/auth-plugin.ts"],
        {
          cwd: repositoryRoot(),
          env: { ...process.env, GOOGLE_APPLICATION_CREDENTIALS: deployerKey(cloud).file },
        },
      );
    try {
      const { stdout } = await plugin();
      const { kind, status } = JSON.parse(stdout) as { kind: string; status: { token: string } };
      assert.equal(kind, "ExecCredential");
      assert.equal(
        (
          await project.ask(
            "/compute/compute/v1/projects/simulated-project/global/networks",
            status.token,
          )
        ).status,
        200,
      );
      cloud.faults.condition("revoked", true);
      await assert.rejects(plugin(), /"invalid_grant" "Invalid JWT Signature."/);
    } finally {
      server.close();
    }
  });
});
