import type { GkeConfig } from "../../config/targets/gke";
import { physicalName } from "../../naming";
import { baseName } from "./context";

type GcrHost = Exclude<GkeConfig["registry"]["host"], "pkg.dev">;

/**
 * Where the repository behind a gcr.io name lives; it bears that name.
 * https://docs.cloud.google.com/artifact-registry/docs/transition/setup-gcr-repo
 */
const GCR_LOCATIONS: Readonly<Record<GcrHost, string>> = {
  "gcr.io": "us",
  "us.gcr.io": "us",
  "eu.gcr.io": "europe",
  "asia.gcr.io": "asia",
};

/** Of a stack's images. */
export interface RegistryPlace {
  readonly location: string;
  readonly repositoryId: string;
  readonly server: string;
  /** Of all images, with server. */
  readonly prefix: string;
}

/** Names are known before anything is there: no image is built anew because of an unknown. */
export function placeOf(config: GkeConfig, stack: string): RegistryPlace {
  const { project, region } = config;
  const { host } = config.registry;
  if (host === "pkg.dev") {
    const name = baseName(stack);
    const server = `${region}-docker.pkg.dev`;
    return { location: region, repositoryId: name, server, prefix: `${server}/${project}/${name}` };
  }
  return {
    location: GCR_LOCATIONS[host],
    repositoryId: host,
    server: host,
    // A stack's name may have capitals, a repository's path may not.
    prefix: `${host}/${project}/modelport/${physicalName([stack])}`,
  };
}
