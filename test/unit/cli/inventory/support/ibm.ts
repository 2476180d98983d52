import { parseConfig } from "../../../../../infra/config";
import type { IbmStackConfig } from "../../../../../cli/inventory/ibm/stack";
import { Fixture, type Answer, type Asked } from "./fixture";

export const ACCOUNT = "0123456789abcdef0123456789abcdef";
export const API_KEY = "the-api-key";
const TOKEN = "iam.token";

/** A stack's config as the program parses it. */
export function ibmConfig(
  section: Readonly<Record<string, unknown>> = {},
  target: "iks" | "openshift" = "iks",
): IbmStackConfig {
  const own = { region: "eu-de", registryNamespace: "acme-models", ...section };
  const config = parseConfig({
    stack: "prod",
    models: ["iris"],
    values: {
      "modelport:target": target,
      [`modelport:${target}`]: JSON.stringify(own),
      "modelport:services": JSON.stringify({ iris: { models: ["iris"] } }),
    },
    secretKeys: [],
  });
  if (config.target !== "iks" && config.target !== "openshift")
    throw new Error(`target ${config.target}`);
  return config;
}

/** IBM Cloud's REST APIs with an account that holds nothing, for the holder of its API key. */
export class IbmFixture extends Fixture {
  constructor() {
    super((asked) => this.authorized(asked));
  }

  /** Variables that lead there. */
  get env(): NodeJS.ProcessEnv {
    return {
      IC_API_KEY: API_KEY,
      IBMCLOUD_IAM_API_ENDPOINT: `${this.url}/iam`,
      IBMCLOUD_IS_NG_API_ENDPOINT: `${this.url}/vpc/v1`,
      IBMCLOUD_CS_API_ENDPOINT: `${this.url}/containers/global`,
      IBMCLOUD_CR_API_ENDPOINT: `${this.url}/registry/`,
      IBMCLOUD_GT_API_ENDPOINT: `${this.url}/tags`,
      IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT: `${this.url}/resources`,
    };
  }

  override async start(): Promise<this> {
    await super.start();
    for (const kind of ["load_balancers", "endpoint_gateways", "subnets", "public_gateways"])
      this.vpc(kind);
    for (const kind of ["security_groups", "vpcs", "volumes"]) this.vpc(kind);
    this.clusters();
    this.on("/resources/v2/resource_instances", {
      body: { rows_count: 0, next_url: null, resources: [] },
    });
    this.on("/iam/v1/serviceids", { body: { offset: 0, limit: 100, serviceids: [] } });
    this.on("/iam/v1/apikeys", { body: { offset: 0, limit: 100, apikeys: [] } });
    this.on("/containers/global/v2/vpc/getWorkerPools", { body: [] });
    this.on("/iam/v1/policies", { body: { policies: [] } });
    this.on("/registry/api/v1/namespaces/details", { body: [] });
    return this;
  }

  /** One page of the VPC API. */
  vpc(kind: string, ...items: object[]): void {
    const first = { href: `https://eu-de.iaas.cloud.ibm.com/v1/${kind}?limit=100` };
    this.on(`/vpc/v1/${kind}`, ({ query }) =>
      query.get("generation") === "2" && /^\d{4}-\d\d-\d\d$/.test(query.get("version") ?? "")
        ? { body: { [kind]: items, first, limit: 100, total_count: items.length } }
        : { status: 400, body: { errors: [{ code: "missing_version", message: "version" }] } },
    );
  }

  clusters(...items: object[]): void {
    this.on("/containers/global/v2/vpc/getClusters", { body: items });
  }

  private authorized({ path, headers, body }: Asked): Answer | undefined {
    if (path === "/iam/identity/token") {
      const form = new URLSearchParams(body);
      const asksRightly =
        form.get("grant_type") === "urn:ibm:params:oauth:grant-type:apikey" &&
        form.get("apikey") === API_KEY;
      return asksRightly ? { body: { access_token: TOKEN, expires_in: 3600 } } : NO_SUCH_KEY;
    }
    if (headers.authorization !== `Bearer ${TOKEN}`)
      return { status: 401, body: { errorMessage: "token is invalid" } };
    if (path === "/iam/v1/apikeys/details")
      return headers["iam-apikey"] === API_KEY ? { body: { account_id: ACCOUNT } } : NO_SUCH_KEY;
    return undefined;
  }
}

const NO_SUCH_KEY = {
  status: 400,
  body: {
    errorCode: "BXNIM0415E",
    errorMessage: "Provided API key could not be found.",
    context: { requestId: "1" },
  },
};
