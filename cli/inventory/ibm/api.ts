import { z, type ZodType } from "zod";
import { API_KEY_VARIABLES } from "../../../infra/targets/ibm/names";
import { once } from "../found";
import { ask } from "../http";

/** Services whose lists are asked. */
export type Service = keyof typeof VARIABLES;

/**
 * By what IBM Cloud's Terraform provider, and so Pulumi's, is told of another place.
 * https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs/guides/custom-service-endpoints
 */
const VARIABLES = {
  iam: "IBMCLOUD_IAM_API_ENDPOINT",
  vpc: "IBMCLOUD_IS_NG_API_ENDPOINT",
  containers: "IBMCLOUD_CS_API_ENDPOINT",
  registry: "IBMCLOUD_CR_API_ENDPOINT",
  tags: "IBMCLOUD_GT_API_ENDPOINT",
  resources: "IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT",
} as const;

/** Where they answer else. */
export const usualEndpoints = (
  region: string,
  registryHost: string,
): Readonly<Record<Service, string>> => ({
  iam: "https://iam.cloud.ibm.com",
  vpc: `https://${region}.iaas.cloud.ibm.com/v1`,
  containers: "https://containers.cloud.ibm.com/global",
  registry: `https://${registryHost}`,
  tags: "https://tags.global-search-tagging.cloud.ibm.com",
  resources: "https://resource-controller.cloud.ibm.com",
});

/** https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey */
const GRANT = "urn:ibm:params:oauth:grant-type:apikey";
const token = z.object({ access_token: z.string() });
const details = z.object({ account_id: z.string() });

/** Each service has a link to the next page, and each another name for it. */
const links = z.object({
  next: z.union([z.string(), z.object({ href: z.string() })]).nullish(),
  next_url: z.string().nullish(),
});

interface Asked {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** IBM Cloud's REST APIs, as the holder of an API key sees them. */
export class IbmApi {
  constructor(
    private readonly apiKey: string,
    private readonly usual: Readonly<Record<Service, string>>,
    private readonly env: NodeJS.ProcessEnv = process.env,
  ) {}

  /** ID of the API key's account: https://cloud.ibm.com/apidocs/iam-identity-token-api#get-api-keys-details */
  readonly account = once(async () => {
    const headers = { "IAM-ApiKey": this.apiKey };
    return (await this.get("iam", "/v1/apikeys/details", details, { headers })).account_id;
  });

  /** @param path after the endpoint. @throws ApiError, NoAnswer, ZodError */
  async get<T>(service: Service, path: string, shape: ZodType<T>, asked: Asked = {}): Promise<T> {
    const url = new URL(`${this.endpoint(service)}${path}`);
    for (const [key, value] of Object.entries(asked.query ?? {})) url.searchParams.set(key, value);
    const authorization = `Bearer ${await this.token()}`;
    return shape.parse(await ask({ url: url.href, headers: { ...asked.headers, authorization } }));
  }

  /** All pages of a list. */
  async pages<T>(
    service: Service,
    path: string,
    shape: ZodType<T>,
    { query = {}, headers = {} }: Asked = {},
  ): Promise<T[]> {
    const pages: T[] = [];
    for (let more: Asked["query"] = {}; more !== undefined;) {
      const asked = { query: { ...query, ...more }, headers };
      const answer: unknown = await this.get(service, path, z.unknown(), asked);
      pages.push(shape.parse(answer));
      const next = nextQuery(answer);
      if (next !== undefined && JSON.stringify(next) === JSON.stringify(more))
        throw new Error(`${path} leads from a page to itself`);
      more = next;
    }
    return pages;
  }

  private readonly token = once(async () => {
    if (this.apiKey === "")
      throw new Error(`there is no API key: neither ${API_KEY_VARIABLES.join(" nor ")} is set`);
    const url = `${this.endpoint("iam")}/identity/token`;
    const answer = await ask({ url, form: { grant_type: GRANT, apikey: this.apiKey } });
    return token.parse(answer).access_token;
  });

  private endpoint(service: Service): string {
    const own = this.env[VARIABLES[service]];
    return (own === undefined || own === "" ? this.usual[service] : own).replace(/\/+$/, "");
  }
}

/** Only what the link asks counts: it may name a host that can't be reached from here. */
function nextQuery(answer: unknown): Record<string, string> | undefined {
  const { next, next_url: nextUrl } = links.parse(answer);
  const link = (typeof next === "string" ? next : next?.href) ?? nextUrl ?? "";
  if (link === "") return undefined;
  return Object.fromEntries(new URL(link, "https://cloud.ibm.com").searchParams);
}
