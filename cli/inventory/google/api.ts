import { z, type ZodType } from "zod";
import { ApiError, ask } from "../http";

/** Services whose lists are asked. */
export type Service = keyof typeof ENDPOINTS;

/**
 * Where they answer, and the variables by which Google's Terraform provider, and so Pulumi's, is told of another place: with version, and
 * a slash at the end. https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference#service_custom_endpoint
 */
const ENDPOINTS = {
  compute: ["GOOGLE_COMPUTE_CUSTOM_ENDPOINT", "https://compute.googleapis.com/compute/v1/"],
  container: ["GOOGLE_CONTAINER_CUSTOM_ENDPOINT", "https://container.googleapis.com/v1/"],
  iam: ["GOOGLE_IAM_CUSTOM_ENDPOINT", "https://iam.googleapis.com/v1/"],
  cloudresourcemanager: [
    "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT",
    "https://cloudresourcemanager.googleapis.com/v1/",
  ],
  artifactregistry: [
    "GOOGLE_ARTIFACT_REGISTRY_CUSTOM_ENDPOINT",
    "https://artifactregistry.googleapis.com/v1/",
  ],
  dns: ["GOOGLE_DNS_CUSTOM_ENDPOINT", "https://dns.googleapis.com/dns/v1/"],
} as const;

/** Headers of a request, with a token that is good now. */
export type Login = () => Promise<Readonly<Record<string, string>>>;

/** Google Cloud's REST APIs, as one caller sees them. */
export class GoogleApi {
  constructor(
    private readonly login: Login,
    private readonly env: NodeJS.ProcessEnv = process.env,
  ) {}

  /** @param path after the service's version. @param json sent as a POST; default: a GET. @throws ApiError, NoAnswer, ZodError */
  async get<T>(
    service: Service,
    path: string,
    shape: ZodType<T>,
    { query = {}, json }: { query?: Readonly<Record<string, string>>; json?: unknown } = {},
  ): Promise<T> {
    const url = new URL(`${this.endpoint(service)}${path}`);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const headers = await this.login();
    const answer = await ask({ url: url.href, headers, ...(json === undefined ? {} : { json }) });
    return shape.parse(answer);
  }

  /**
   * All pages of a list; none where the service is off in the project, and so can hold nothing, or where what is listed in isn't there.
   * https://docs.cloud.google.com/apis/design/design_patterns#list_pagination
   */
  async pages<T>(
    service: Service,
    path: string,
    shape: ZodType<T>,
    query: Readonly<Record<string, string>> = {},
  ): Promise<T[]> {
    const page = z.object({ nextPageToken: z.string().optional() });
    const pages: T[] = [];
    try {
      for (let token: string | undefined = ""; token !== undefined;) {
        const answer: unknown = await this.get(service, path, z.unknown(), {
          query: token === "" ? query : { ...query, pageToken: token },
        });
        pages.push(shape.parse(answer));
        const { nextPageToken } = page.parse(answer);
        token = nextPageToken === "" ? undefined : nextPageToken;
      }
    } catch (error) {
      if (isOff(error)) return [];
      throw error;
    }
    return pages;
  }

  private endpoint(service: Service): string {
    const [variable, usual] = ENDPOINTS[service];
    const own = this.env[variable];
    return own === undefined || own === "" ? usual : own;
  }
}

const refusal = z.object({
  error: z.object({
    details: z.array(z.object({ reason: z.string().optional() })).optional(),
    errors: z.array(z.object({ reason: z.string().optional() })).optional(),
  }),
});

/** Of a service that was never enabled, or is disabled, in newer answers and in older ones. https://docs.cloud.google.com/apis/design/errors */
const OFF: readonly (string | undefined)[] = ["SERVICE_DISABLED", "accessNotConfigured"];

/** Whether the project doesn't use the service: then nothing of it can be there. */
export function isOff(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.status !== 403) return false;
  const { success, data } = refusal.safeParse(error.body);
  if (!success) return false;
  const { details = [], errors = [] } = data.error;
  return [...details, ...errors].some(({ reason }) => OFF.includes(reason));
}
