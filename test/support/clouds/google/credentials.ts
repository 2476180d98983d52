/** Google's logins: a service account's key, and the access tokens that it gets. */
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import type { Cloud, Credentials } from "../cloud";
import type { RestAnswer } from "../http";
import { child, text, type Values } from "../values";
import { Refusal } from "./errors";
import { PROJECT } from "./names";

/** https://cloud.google.com/iam/docs/keys-create-delete#json */
const keyFile = z.object({
  type: z.literal("service_account"),
  project_id: z.string(),
  private_key_id: z.string(),
  private_key: z.string(),
  client_email: z.string(),
  token_uri: z.string(),
});
export type KeyFile = z.infer<typeof keyFile>;

const TOKEN_SECONDS = 3600;

const tokens = z.array(z.object({ token: z.string(), secret: z.string(), expires: z.number() }));

/** Namespace of the embedded cluster that Google's own account for users is in. */
const NAMESPACE = "/api/v1/namespaces/kube-system";
const USER = "google-user";
const BINDING = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/google-user";

/** The one who calls: a service account with all rights in the project. Made once in a folder. */
export function deployerKey(cloud: Cloud): { file: string; key: KeyFile } {
  const file = path.join(cloud.folder, "service-account.json");
  if (!fs.existsSync(file)) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const email = `deployer@${PROJECT}.iam.gserviceaccount.com`;
    const made = {
      type: "service_account",
      project_id: PROJECT,
      private_key_id: randomBytes(20).toString("hex"),
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      client_email: email,
      client_id: "100000000000000000001",
      auth_uri: `${cloud.url}/google/auth`,
      token_uri: `${cloud.url}/google/token`,
      universe_domain: "googleapis.com",
    };
    fs.writeFileSync(file, JSON.stringify(made, null, 2), { mode: 0o600 });
  }
  return { file, key: keyFile.parse(JSON.parse(fs.readFileSync(file, "utf8"))) };
}

/** As the provider looks for them: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference */
export function login({ environment, config }: Credentials, cloud: Cloud): void {
  const token = text(config, "accessToken") || environment["GOOGLE_OAUTH_ACCESS_TOKEN"];
  if (token !== undefined && token !== "") {
    if (isValid(cloud, token)) return;
    throw new Refusal("token-invalid", `googleapi: Error 401: ${UNAUTHENTICATED}`);
  }
  const given =
    text(config, "credentials") ||
    (environment["GOOGLE_CREDENTIALS"] ?? environment["GOOGLE_APPLICATION_CREDENTIALS"]);
  if (given === undefined || given === "") throw new Refusal("no-credentials", NO_CREDENTIALS);
  const { data } = keyFile.safeParse(parsed(given));
  if (data === undefined || !isGood(cloud, data.private_key_id))
    throw new Refusal("key-revoked", `oauth2: "invalid_grant" "${INVALID_SIGNATURE}"`);
}

/** A key that was deleted is refused wherever a token is asked for: the condition `revoked`. */
const isGood = (cloud: Cloud, keyId: string) =>
  keyId === deployerKey(cloud).key.private_key_id && cloud.faults.value("revoked") === undefined;

/** What a deleted key gets: https://cloud.google.com/iam/docs/keys-disable-enable */
const INVALID_SIGNATURE = "Invalid JWT Signature.";

/** https://cloud.google.com/docs/authentication/token-types#access */
export const UNAUTHENTICATED =
  "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. " +
  "See https://developers.google.com/identity/sign-in/web/devconsole-project.";

/** As the provider says it: https://github.com/hashicorp/terraform-provider-google, google/transport/config.go */
const NO_CREDENTIALS =
  "Attempted to load application default credentials since neither `credentials` nor `access_token` was set in the provider block.  " +
  "No credentials loaded. To use your gcloud credentials, run 'gcloud auth application-default login'";

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Makes the account that access tokens are of. It has no right in the cluster until {@link admit}. */
export async function prepareTokens(cloud: Cloud): Promise<void> {
  await cloud.kubernetes.apply(`${NAMESPACE}/serviceaccounts/${USER}`, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: USER },
  });
}

/** IAM's roles reach into the cluster: who may administer it in the project is its administrator. */
export async function admit(cloud: Cloud): Promise<void> {
  await cloud.kubernetes.apply(BINDING, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: USER },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", namespace: "kube-system", name: USER }],
  });
}

export const dismiss = (cloud: Cloud) => cloud.kubernetes.remove(BINDING);

/**
 * An access token: the REST APIs and the registries take it, and the API server does, as a GKE cluster does, because it is a token of
 * an account there, bound to a Secret so that it can be taken back.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
 */
export async function issueToken(cloud: Cloud): Promise<string> {
  const name = `google-token-${randomBytes(6).toString("hex")}`;
  const secret = await cloud.kubernetes.create(`${NAMESPACE}/secrets`, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name },
  });
  const answer = await cloud.kubernetes.create(`${NAMESPACE}/serviceaccounts/${USER}/token`, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      expirationSeconds: TOKEN_SECONDS,
      boundObjectRef: {
        apiVersion: "v1",
        kind: "Secret",
        name,
        uid: text(child(secret, "metadata"), "uid"),
      },
    },
  });
  const token = text(child(answer, "status"), "token");
  const expires = cloud.now() + TOKEN_SECONDS * 1000;
  cloud.store.set("google tokens", [...issued(cloud), { token, secret: name, expires }]);
  return token;
}

const issued = (cloud: Cloud) => tokens.parse(cloud.store.get("google tokens") ?? []);

/** Not after its hour, nor while the condition `expired` holds. */
export const isValid = (cloud: Cloud, token: string) =>
  cloud.faults.value("expired") === undefined &&
  issued(cloud).some((one) => one.token === token && one.expires > cloud.now());

/** The API server, too, learns of tokens that are over. */
export async function sweepTokens(cloud: Cloud): Promise<void> {
  const over = issued(cloud).filter(({ token }) => !isValid(cloud, token));
  for (const { secret } of over) await cloud.kubernetes.remove(`${NAMESPACE}/secrets/${secret}`);
  cloud.store.set(
    "google tokens",
    issued(cloud).filter((one) => !over.some(({ token }) => token === one.token)),
  );
}

/** Nothing of the tokens stays in the embedded cluster. */
export async function forgetTokens(cloud: Cloud): Promise<void> {
  for (const { secret } of issued(cloud))
    await cloud.kubernetes.remove(`${NAMESPACE}/secrets/${secret}`);
  cloud.store.set("google tokens", undefined);
  await cloud.kubernetes.remove(`${NAMESPACE}/serviceaccounts/${USER}`);
}

/** The token endpoint: https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
export async function grant(body: Values, cloud: Cloud): Promise<RestAnswer> {
  const assertion = text(body, "assertion");
  if (text(body, "grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer")
    return refused("unsupported_grant_type", `Invalid grant_type: ${text(body, "grant_type")}`);
  const { key } = deployerKey(cloud);
  if (!isGood(cloud, key.private_key_id) || !isSigned(assertion, key.private_key))
    return refused("invalid_grant", INVALID_SIGNATURE);
  const access_token = await issueToken(cloud);
  return {
    status: 200,
    body: { access_token, expires_in: TOKEN_SECONDS - 1, token_type: "Bearer" },
  };
}

const refused = (error: string, error_description: string): RestAnswer => ({
  status: 400,
  body: { error, error_description },
});

/** RS256: RFC 7518, 3.3. */
function isSigned(jwt: string, privateKey: string): boolean {
  const [header = "", payload = "", signature = ""] = jwt.split(".");
  return verify(
    "sha256",
    Buffer.from(`${header}.${payload}`),
    createPublicKey(privateKey),
    Buffer.from(signature, "base64url"),
  );
}
