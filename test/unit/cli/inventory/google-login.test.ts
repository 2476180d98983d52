import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { googleLogin } from "../../../../cli/inventory/google/credentials";
import { GoogleFixture, PROJECT, TOKEN } from "./support/google";

describe("the login to Google Cloud", () => {
  let google: GoogleFixture;
  let folder: string;
  beforeEach(async () => {
    google = await new GoogleFixture().start();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-login-"));
  });
  afterEach(async () => {
    await google.stop();
    fs.rmSync(folder, { recursive: true });
  });

  const write = (name: string, content: object) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, JSON.stringify(content));
    return file;
  };

  it("is a given token before anything else", async () => {
    const env = { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.given", GOOGLE_CREDENTIALS: "/nowhere" };
    assert.deepEqual(await googleLogin(PROJECT, env)(), { authorization: "Bearer ya29.given" });
  });

  it("is got for a service account's key, inline or in a file, where the key says, once", async () => {
    const file = write("key.json", google.key);
    for (const given of [
      { GOOGLE_CREDENTIALS: JSON.stringify(google.key) },
      { GOOGLE_CREDENTIALS: file },
      { GOOGLE_APPLICATION_CREDENTIALS: file },
    ]) {
      const login = googleLogin(PROJECT, given);
      assert.deepEqual(await login(), { authorization: `Bearer ${TOKEN}` });
      await login();
    }
    assert.equal(google.times("/token"), 3);
  });

  it("may be that of an account that the caller may stand for", async () => {
    const account = "viewer@my-project.iam.gserviceaccount.com";
    const iam = `/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateAccessToken`;
    google.on(`/iamcredentials/v1${iam}`, ({ body }) => ({
      body: { accessToken: `for ${body}`, expireTime: "2026-11-21T19:00:00Z" },
    }));
    const env = {
      GOOGLE_CREDENTIALS: JSON.stringify(google.key),
      GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: account,
      GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT: `${google.url}/iamcredentials/v1/`,
    };
    const { authorization } = await googleLogin(PROJECT, env)();
    assert.match(authorization ?? "", /^Bearer for .*auth\/cloud-platform/);
  });

  it("is left to Google's library for credentials of other kinds", async () => {
    const subject = path.join(folder, "token");
    fs.writeFileSync(subject, "of the pipeline");
    const federated = {
      type: "external_account",
      audience:
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${google.url}/sts`,
      credential_source: { file: subject },
    };
    google.on("/sts", ({ body }) => {
      const asked = new URLSearchParams(body).get("subject_token");
      return asked === "of the pipeline"
        ? { body: { access_token: "federated", token_type: "Bearer", expires_in: 3600 } }
        : { status: 400, body: { error: "invalid_grant" } };
    });
    const before = process.env["GOOGLE_APPLICATION_CREDENTIALS"];
    process.env["GOOGLE_APPLICATION_CREDENTIALS"] = write("federated.json", federated);
    try {
      assert.deepEqual(await googleLogin(PROJECT)(), { authorization: "Bearer federated" });
    } finally {
      if (before === undefined) delete process.env["GOOGLE_APPLICATION_CREDENTIALS"];
      else process.env["GOOGLE_APPLICATION_CREDENTIALS"] = before;
    }
  });

  it("is never told of in an error", async () => {
    const { private_key: secret } = google.key;
    const broken = `${JSON.stringify(google.key).slice(0, -1)}, oops`;
    const file = path.join(folder, "broken.json");
    fs.writeFileSync(file, broken);
    const encoded = Buffer.from(JSON.stringify(google.key)).toString("base64");
    for (const given of [broken, file, encoded, `{ "private_key": ${secret}`])
      await assert.rejects(googleLogin(PROJECT, { GOOGLE_CREDENTIALS: given })(), (error) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, /^the credentials are (?:no JSON|neither a key, in JSON, nor)/);
        return true;
      });
  });

  it("is refused for other credentials where the provider takes keys", async () => {
    const user = {
      type: "authorized_user",
      client_id: "a",
      client_secret: "b",
      refresh_token: "c",
    };
    const login = googleLogin(PROJECT, { GOOGLE_CREDENTIALS: JSON.stringify(user) });
    await assert.rejects(login(), /no service account's key; name their file by \$GOOGLE_APP/);
  });
});
