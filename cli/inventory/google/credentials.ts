import * as fs from "node:fs";
import { z } from "zod";
import { firstSet } from "../../doctor/finding";
import { once } from "../found";
import { ask } from "../http";
import type { Login } from "./api";
import { serviceAccountKey, tokenOf } from "./service-account";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** In the provider's order: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference#authentication-configuration */
const TOKEN_VARIABLE = "GOOGLE_OAUTH_ACCESS_TOKEN";
const KEY_VARIABLES = ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"];
const DEFAULT_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS";
const IMPERSONATION_VARIABLE = "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT";
const ENDPOINT_VARIABLE = "GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT";

/**
 * The login that the provider takes, so that what made a stack looks for what is left of it: its own variables, else application
 * default credentials. https://docs.cloud.google.com/docs/authentication/application-default-credentials
 *
 * @returns for one command's time: a token is asked for once, and good for an hour
 */
export function googleLogin(project: string, env: NodeJS.ProcessEnv = process.env): Login {
  const principal = first(env, [IMPERSONATION_VARIABLE]);
  const login = ownLogin(project, env);
  const endpoint = first(env, [ENDPOINT_VARIABLE]) ?? "https://iamcredentials.googleapis.com/v1/";
  return once(
    principal === undefined ? login : async () => impersonated(principal, endpoint, await login()),
  );
}

function ownLogin(project: string, env: NodeJS.ProcessEnv): Login {
  const token = first(env, [TOKEN_VARIABLE]);
  if (token !== undefined) return () => Promise.resolve(bearer(token));
  const own = first(env, KEY_VARIABLES);
  const given = own ?? first(env, [DEFAULT_VARIABLE]);
  return async () => {
    if (given === undefined) return defaultLogin(project);
    const key = serviceAccountKey(isJson(given) ? given : readKey(given));
    if (key !== undefined) return bearer(await tokenOf(key, SCOPE));
    if (own === undefined) return defaultLogin(project);
    throw new Error(
      `the provider's credentials are no service account's key; name their file by $${DEFAULT_VARIABLE}`,
    );
  };
}

/** What is no path may be a key in some other form: it is not told. */
function readKey(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    throw new Error("the credentials are neither a key, in JSON, nor the path of one");
  }
}

/** Credentials of every other kind: a user's, federated ones, a machine's own. By Google's library, loaded only here. */
async function defaultLogin(projectId: string): Promise<Readonly<Record<string, string>>> {
  const { GoogleAuth } = await import("google-auth-library");
  const auth = new GoogleAuth({
    scopes: SCOPE,
    // Else it would ask for one.
    projectId,
    // The platform's own, as for all requests here: it knows NODE_EXTRA_CA_CERTS.
    clientOptions: { transporterOptions: { fetchImplementation: fetch } },
  });
  const client = await auth.getClient();
  return Object.fromEntries(await client.getRequestHeaders());
}

/** https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
async function impersonated(
  principal: string,
  endpoint: string,
  headers: Readonly<Record<string, string>>,
) {
  const name = `projects/-/serviceAccounts/${encodeURIComponent(principal)}`;
  const answer = await ask({
    url: `${endpoint}${name}:generateAccessToken`,
    headers,
    json: { scope: [SCOPE] },
  });
  return bearer(z.object({ accessToken: z.string() }).parse(answer).accessToken);
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const isJson = (text: string) => text.trimStart().startsWith("{");

function first(env: NodeJS.ProcessEnv, names: readonly string[]): string | undefined {
  const name = firstSet(env, names);
  return name === undefined ? undefined : env[name];
}
