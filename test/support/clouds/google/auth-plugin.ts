/**
 * `gke-gcloud-auth-plugin --use_application_default_credentials`: gives a Kubernetes client the access token of a service account's key.
 * https://docs.cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin
 */
import { createSign } from "node:crypto";
import * as fs from "node:fs";
import type { KeyFile } from "./credentials";

async function main(): Promise<void> {
  const file = process.env["GOOGLE_APPLICATION_CREDENTIALS"];
  if (file === undefined) throw new Error("google: could not find default credentials");
  const key = JSON.parse(fs.readFileSync(file, "utf8")) as KeyFile;
  const response = await fetch(key.token_uri, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: assertion(key),
    }).toString(),
  });
  const answer = (await response.json()) as Record<string, string | number>;
  if (!response.ok)
    throw new Error(`oauth2: "${answer["error"]}" "${answer["error_description"]}"`);
  const expires = new Date(Date.now() + Number(answer["expires_in"]) * 1000);
  const credential = {
    kind: "ExecCredential",
    apiVersion: "client.authentication.k8s.io/v1beta1",
    spec: { interactive: false },
    status: { expirationTimestamp: expires.toISOString(), token: answer["access_token"] },
  };
  process.stdout.write(`${JSON.stringify(credential)}\n`);
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
function assertion({
  private_key_id: kid,
  private_key: key,
  client_email: iss,
  token_uri: aud,
}: KeyFile) {
  const now = Math.floor(Date.now() / 1000);
  const scope = "https://www.googleapis.com/auth/cloud-platform";
  const signed = [
    { alg: "RS256", typ: "JWT", kid },
    { iss, scope, aud, iat: now, exp: now + 3600 },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${signed}.${createSign("sha256").update(signed).sign(key, "base64url")}`;
}

main().catch((error: unknown) => {
  process.stderr.write(`F1121 gke-gcloud-auth-plugin: ${String(error)}\n`);
  process.exit(1);
});
