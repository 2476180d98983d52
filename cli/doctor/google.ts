/** What a stack on Google Cloud needs here. Nothing is asked of Google: credentials that are there may still lack a role. */
import * as fs from "node:fs";
import * as path from "node:path";
import { executable, type Finding, firstSet, type Surroundings } from "./finding";

/** As the provider reads them: a key file's JSON, or its path. */
const CREDENTIALS = ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"];
const TOKENS = ["GOOGLE_OAUTH_ACCESS_TOKEN"];

const LOGIN =
  "gcloud auth application-default login   # or set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file";

/** In the order of https://cloud.google.com/docs/authentication/application-default-credentials, after the provider's own variables. */
export function googleCredentials({ env, home }: Surroundings): Finding {
  const name = "Google Cloud";
  const own = firstSet(env, [...CREDENTIALS, ...TOKENS]);
  if (own !== undefined)
    return TOKENS.includes(own) || (env[own] ?? "").trimStart().startsWith("{")
      ? { name, state: "good", detail: `$${own}` }
      : keyFile(env[own] ?? "", `$${own}`);
  const named = env["GOOGLE_APPLICATION_CREDENTIALS"] ?? "";
  if (named !== "") return keyFile(named, "$GOOGLE_APPLICATION_CREDENTIALS");
  const folder = env["CLOUDSDK_CONFIG"] ?? path.join(home, ".config", "gcloud");
  const wellKnown = path.join(folder, "application_default_credentials.json");
  if (fs.existsSync(wellKnown)) return keyFile(wellKnown, "gcloud's application default");
  return {
    name,
    state: "missing",
    detail: `no credentials: neither in the environment nor in ${wellKnown}`,
    fix: `${LOGIN}; on a machine of Google Cloud: GOOGLE_APPLICATION_CREDENTIALS, or GOOGLE_OAUTH_ACCESS_TOKEN`,
  };
}

/** A file with credentials says what kind they are. */
function keyFile(file: string, from: string): Finding {
  const name = "Google Cloud";
  try {
    const { type } = JSON.parse(fs.readFileSync(file, "utf8")) as { type?: unknown };
    if (typeof type === "string") return { name, state: "good", detail: `${from}: ${type}` };
    return { name, state: "missing", detail: `${from}: ${file} is no key file`, fix: LOGIN };
  } catch (error) {
    const why = error instanceof SyntaxError ? "is no JSON" : (error as Error).message;
    return { name, state: "missing", detail: `${from}: ${file} ${why}`, fix: LOGIN };
  }
}

/** @param exec whether the kubeconfig gets its tokens from the plugin */
export function googleTools(exec: boolean, surroundings: Surroundings): Finding[] {
  return [
    executable(surroundings, "gke-gcloud-auth-plugin", {
      state: exec ? "missing" : "optional",
      detail: "not on PATH; a kubeconfig that asks it for tokens can't be used without",
      fix: "gcloud components install gke-gcloud-auth-plugin   # or: pulumi config set --path 'modelport:gke.kubeconfig' token",
    }),
    executable(surroundings, "gcloud", {
      state: "optional",
      detail: "not on PATH; only for looking around, and for logging in",
      fix: "https://cloud.google.com/sdk/docs/install",
    }),
  ];
}
