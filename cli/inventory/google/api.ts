import { z, type ZodType } from "zod";
import { once } from "../found";
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

/** The others ask whether they are on in the caller's own project: https://docs.cloud.google.com/docs/quotas/quota-project */
const BY_RESOURCE: readonly Service[] = ["compute", "container"];

const projectShape = z.object({ projectNumber: z.string() });

/** Headers of a request, with a token that is good now. */
export type Login = () => Promise<Readonly<Record<string, string>>>;

/** Google Cloud's REST APIs, as one caller sees them. */
export class GoogleApi {
  /** @param project whose things are asked for */
  constructor(
    private readonly project: string,
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
   * All pages of a list; none where the service is off in the project, and so can hold nothing.
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
        if (nextPageToken !== "" && nextPageToken === token)
          throw new Error(`${path} leads from a page to itself`);
        token = nextPageToken === "" ? undefined : nextPageToken;
      }
    } catch (error) {
      if (await this.isOff(service, error)) return [];
      throw error;
    }
    return pages;
  }

  /**
   * Whether the project doesn't use the service: then nothing of it can be there. Not so where the service is off in the project that the
   * caller's login belongs to, and for which it asks.
   *
   * @throws Error that names that project
   */
  async isOff(service: Service, error: unknown): Promise<boolean> {
    const off = offIn(error);
    if (off === undefined) return false;
    if (BY_RESOURCE.includes(service) || off.consumer === `projects/${this.project}`) return true;
    const number = await this.number().catch(() => undefined);
    if (number !== undefined && off.consumer === `projects/${number}`) return true;
    const where = off.consumer?.replace(/^projects\//, "") ?? "the login's own project";
    throw new Error(
      `${service}.googleapis.com is off in ${where}, for which this login asks; what ${this.project} holds it doesn't tell`,
    );
  }

  /** By which answers call the project: https://docs.cloud.google.com/resource-manager/reference/rest/v1/projects/get */
  private readonly number = once(
    async () =>
      (await this.get("cloudresourcemanager", `projects/${this.project}`, projectShape))
        .projectNumber,
  );

  private endpoint(service: Service): string {
    const [variable, usual] = ENDPOINTS[service];
    const own = this.env[variable];
    return own === undefined || own === "" ? usual : own;
  }
}

const reason = z.object({ reason: z.string().optional() });
const consumer = z.object({ consumer: z.string().optional() });
const refusal = z.object({
  error: z.object({
    details: z.array(reason.extend({ metadata: consumer.optional() })).optional(),
    errors: z.array(reason).optional(),
  }),
});

/** Of a service that was never enabled, or is disabled, in newer answers and in older ones. https://docs.cloud.google.com/apis/design/errors */
const OFF: readonly (string | undefined)[] = ["SERVICE_DISABLED", "accessNotConfigured"];

/** @returns where a service is off, as far as told; undefined for any other answer */
function offIn(error: unknown): { readonly consumer?: string | undefined } | undefined {
  if (!(error instanceof ApiError) || error.status !== 403) return undefined;
  const { success, data } = refusal.safeParse(error.body);
  if (!success) return undefined;
  const { details = [], errors = [] } = data.error;
  const detail = details.find((one) => OFF.includes(one.reason));
  if (detail !== undefined) return detail.metadata ?? {};
  return errors.some((one) => OFF.includes(one.reason)) ? {} : undefined;
}
