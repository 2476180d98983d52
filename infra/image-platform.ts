import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT, setCommand } from "./config/faults";
import type { Fault } from "./errors";
import type { Platform } from "./units";

export interface ReadyImage {
  readonly service: string;
  /** By digest. */
  readonly image: string;
}

/** A registry that is slower is not waited for: the pods tell what is wrong, if anything is. */
const TIMEOUT_MS = 4000;

/** An index of images, or one image: https://github.com/opencontainers/image-spec/blob/main/media-types.md and Docker's own. */
const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

interface RegistryPlatform {
  readonly os?: string;
  readonly architecture?: string;
}

interface Manifest {
  readonly manifests?: readonly { readonly platform?: RegistryPlatform }[];
  readonly config?: { readonly digest?: string };
}

/**
 * Ready images that the nodes can't run, by what their registries say. What is not told without a login, or in time, is no fault.
 * @param root answers are kept below it: a digest's never changes
 */
export async function imagePlatformFaults(
  images: readonly ReadyImage[],
  platform: Platform,
  root: string,
  stack: string,
): Promise<Fault[]> {
  const faults = images.map(async ({ service, image }): Promise<Fault[]> => {
    const platforms = await platformsOf(image, path.join(root, ".modelport", "platforms"));
    if (platforms === undefined || platforms.includes(platform)) return [];
    const key = `${PROJECT}:services.${service}.image`;
    return [
      {
        key,
        got: `an image for ${platforms.join(", ")}`,
        allowed: `one for ${platform}, which the nodes are`,
        fix: setCommand(key, `<the image's name>@sha256:<its digest for ${platform}>`, stack),
      },
    ];
  });
  return (await Promise.all(faults)).flat();
}

/** Platforms, e.g. linux/amd64; undefined where nobody tells. */
async function platformsOf(image: string, folder: string): Promise<string[] | undefined> {
  const [, digest = ""] = image.split("@sha256:");
  const file = path.join(folder, `${digest}.json`);
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, "utf8")) as string[];
  const platforms = await askRegistry(image).catch(() => undefined);
  if (platforms === undefined || platforms.length === 0) return undefined;
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, JSON.stringify(platforms));
  return platforms;
}

async function askRegistry(image: string): Promise<string[]> {
  const [name = "", digest = ""] = image.split("@");
  const { host, repository } = addressOf(name);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const url = `${host}/v2/${repository}`;
  const first = await fetch(`${url}/manifests/${digest}`, {
    headers: { accept: MANIFESTS },
    signal,
  });
  const authorization = first.status === 401 ? await anonymousToken(first, signal) : undefined;
  const headers = { accept: MANIFESTS, ...(authorization === undefined ? {} : { authorization }) };
  const get = async (place: string) => {
    const response = await fetch(`${url}/${place}`, { headers, signal });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response.json();
  };
  const manifest = (await (authorization === undefined && first.ok
    ? first.json()
    : get(`manifests/${digest}`))) as Manifest;
  const platforms =
    manifest.manifests?.map(({ platform = {} }) => platform) ??
    (manifest.config?.digest === undefined
      ? []
      : [(await get(`blobs/${manifest.config.digest}`)) as RegistryPlatform]);
  return platforms.flatMap(({ os, architecture }) =>
    // Attestations have a place in an index too, as unknown/unknown.
    os === undefined || architecture === undefined || os === "unknown"
      ? []
      : [`${os}/${architecture}`],
  );
}

/** https://distribution.github.io/distribution/spec/auth/token: what anybody may read is read with a token for nobody. */
async function anonymousToken(response: Response, signal: AbortSignal): Promise<string> {
  const challenge = response.headers.get("www-authenticate") ?? "";
  const field = (name: string) => new RegExp(`${name}="([^"]+)"`).exec(challenge)?.[1];
  const realm = field("realm");
  if (!/^bearer /i.test(challenge) || realm === undefined) throw new Error("a login is needed");
  const url = new URL(realm);
  for (const name of ["service", "scope"]) {
    const value = field(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const answer = (await (await fetch(url, { signal })).json()) as {
    token?: string;
    access_token?: string;
  };
  const token = answer.token ?? answer.access_token;
  if (token === undefined) throw new Error("a login is needed");
  return `Bearer ${token}`;
}

/** Docker Hub's registry has another name than its images say; one on this machine speaks plain HTTP, as Docker takes it. */
function addressOf(name: string): { host: string; repository: string } {
  const [first = "", ...rest] = name.replace(/:[^:/]+$/, "").split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const host = isHost ? first : "docker.io";
  const parts = isHost ? rest : [first, ...rest];
  if (host === "docker.io")
    return {
      host: "https://registry-1.docker.io",
      repository: (parts.length === 1 ? ["library", ...parts] : parts).join("/"),
    };
  const scheme = /^(?:localhost|127\.0\.0\.1)(?::|$)/.test(host) ? "http" : "https";
  return { host: `${scheme}://${host}`, repository: parts.join("/") };
}
