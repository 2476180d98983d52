/** What a request to a registry is about. Paths: https://distribution.github.io/distribution/spec/api/#detail */
export interface RegistryRequest {
  /** Empty: the registry itself, as a login asks. */
  readonly repository: string;
  readonly action: "pull" | "push";
  /** Repository that a blob is taken from instead of being sent. */
  readonly from?: string;
}

const REPOSITORY = /^\/v2\/(.+)\/(?=(?:manifests|blobs|tags|referrers)\/)/;

/** @returns undefined for anything but the API of a registry, and for the list of all repositories */
export function registryRequest(method: string, url: string): RegistryRequest | undefined {
  const { pathname, searchParams } = new URL(url, "http://registry");
  const action = method === "GET" || method === "HEAD" ? "pull" : "push";
  if (/^\/v2\/?$/.test(pathname)) return { repository: "", action };
  const repository = REPOSITORY.exec(pathname)?.[1];
  if (repository === undefined) return undefined;
  const from = searchParams.get("from");
  return { repository, action, ...(from === null ? {} : { from }) };
}

/** The same path and query for a repository of another name. */
export function withRepository(url: string, rename: (repository: string) => string): string {
  const parsed = new URL(url, "http://registry");
  const path = parsed.pathname.replace(REPOSITORY, (_, name: string) => `/v2/${rename(name)}/`);
  const from = parsed.searchParams.get("from");
  if (from !== null) parsed.searchParams.set("from", rename(from));
  return `${path}${parsed.search}`;
}
