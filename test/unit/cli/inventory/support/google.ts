import { createVerify, generateKeyPairSync } from "node:crypto";
import type { StackConfig } from "../../../../../infra/config/schema";
import { parseConfig } from "../../../../../infra/config";
import { Fixture, type Asked, type Answer } from "./fixture";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export const PROJECT = "my-project";
export const TOKEN = "ya29.fixture";

type GkeStackConfig = Extract<StackConfig, { target: "gke" }>;

/** A stack's config as the program parses it. */
export function gkeConfig(
  section: Readonly<Record<string, unknown>> = {},
  services: Readonly<Record<string, unknown>> = { iris: { models: ["iris"] } },
): GkeStackConfig {
  const config = parseConfig({
    stack: "prod",
    models: ["iris"],
    values: {
      "modelport:target": "gke",
      "modelport:gke": JSON.stringify({ project: PROJECT, ...section }),
      "modelport:services": JSON.stringify(services),
    },
    secretKeys: [],
  });
  if (config.target !== "gke") throw new Error(`target ${config.target}`);
  return config;
}

/** Google's REST APIs with a project that holds nothing, for the holder of a service account's key. */
export class GoogleFixture extends Fixture {
  constructor() {
    super((asked) => this.authorized(asked));
  }

  /** Variables that lead there. */
  get env(): NodeJS.ProcessEnv {
    const services = {
      COMPUTE: "/compute/compute/v1/",
      CONTAINER: "/container/v1/",
      IAM: "/iam/v1/",
      RESOURCE_MANAGER: "/cloudresourcemanager/v1/",
      ARTIFACT_REGISTRY: "/artifactregistry/v1/",
      DNS: "/dns/dns/v1/",
    };
    return {
      GOOGLE_CREDENTIALS: JSON.stringify(this.key),
      ...Object.fromEntries(
        Object.entries(services).map(([name, path]) => [
          `GOOGLE_${name}_CUSTOM_ENDPOINT`,
          `${this.url}${path}`,
        ]),
      ),
    };
  }

  get key() {
    return {
      type: "service_account",
      project_id: PROJECT,
      private_key_id: "key-1",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      client_email: `deployer@${PROJECT}.iam.gserviceaccount.com`,
      token_uri: `${this.url}/token`,
    };
  }

  override async start(): Promise<this> {
    await super.start();
    const scopes = { "zones/us-central1-b": { warning: { code: "NO_RESULTS_ON_PAGE" } } };
    for (const kind of [
      ...["forwardingRules", "targetHttpsProxies", "targetHttpProxies", "urlMaps", "disks"],
      ...["sslCertificates", "targetPools", "backendServices", "healthChecks", "instances"],
      ...["networkEndpointGroups", "instanceGroups", "addresses", "routers", "subnetworks"],
    ])
      this.on(compute(`aggregated/${kind}`), { body: { items: scopes } });
    for (const kind of ["httpHealthChecks", "firewalls", "routes", "networks"])
      this.on(compute(`global/${kind}`), { body: {} });
    this.on(`/container/v1/projects/${PROJECT}/locations/-/clusters`, { body: {} });
    this.on(`/iam/v1/projects/${PROJECT}/serviceAccounts`, { body: {} });
    this.on(`/cloudresourcemanager/v1/projects/${PROJECT}:getIamPolicy`, {
      body: { bindings: [] },
    });
    this.on(repositories(), { body: {} });
    return this;
  }

  /** One page of an aggregated list. */
  aggregated(kind: string, scope: string, ...items: object[]): void {
    this.on(compute(`aggregated/${kind}`), { body: { items: { [scope]: { [kind]: items } } } });
  }

  private authorized({ path, headers, body }: Asked): Answer | undefined {
    if (path === "/sts") return undefined;
    if (path === "/token") return isSigned(body, this.url) ? GRANTED : REFUSED;
    return headers.authorization === `Bearer ${TOKEN}` ? undefined : UNAUTHENTICATED;
  }
}

export const compute = (path: string) => `/compute/compute/v1/projects/${PROJECT}/${path}`;
export const repositories = (location = "us-central1") =>
  `/artifactregistry/v1/projects/${PROJECT}/locations/${location}/repositories`;

const GRANTED = { body: { access_token: TOKEN, expires_in: 3599, token_type: "Bearer" } };
const REFUSED = {
  status: 400,
  body: { error: "invalid_grant", error_description: "Invalid JWT Signature." },
};
const UNAUTHENTICATED = {
  status: 401,
  body: { error: { code: 401, message: "Request had invalid authentication credentials." } },
};

/** As https://developers.google.com/identity/protocols/oauth2/service-account#httprest wants it. */
function isSigned(body: string, url: string): boolean {
  const form = new URLSearchParams(body);
  const [header = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
  const { iss, scope, aud, exp, iat } = JSON.parse(Buffer.from(claims, "base64url").toString()) as {
    iss: string;
    scope: string;
    aud: string;
    exp: number;
    iat: number;
  };
  return (
    form.get("grant_type") === "urn:ietf:params:oauth:grant-type:jwt-bearer" &&
    createVerify("RSA-SHA256")
      .update(`${header}.${claims}`)
      .verify(publicKey, signature, "base64url") &&
    iss === `deployer@${PROJECT}.iam.gserviceaccount.com` &&
    scope === "https://www.googleapis.com/auth/cloud-platform" &&
    aud === `${url}/token` &&
    exp - iat <= 3600
  );
}
