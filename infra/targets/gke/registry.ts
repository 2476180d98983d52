import { Repository } from "@pulumi/gcp/artifactregistry/repository";
import type * as pulumi from "@pulumi/pulumi";
import type { GkeConfig } from "../../config/targets/gke";
import { physicalName } from "../../naming";
import type { RegistryStore } from "../target";
import type { GkeContext } from "./context";

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

interface Place {
  readonly location: string;
  readonly repositoryId: string;
  readonly server: string;
  /** Of all images, with server. */
  readonly prefix: string;
}

/** Names are known before anything is there: no image is built anew because of an unknown. */
function placeOf({ config, stack, name }: GkeContext): Place {
  const { project, region } = config;
  const { host } = config.registry;
  if (host === "pkg.dev") {
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

const SECONDS_A_DAY = 86_400;

/**
 * The repository, and the login of who runs the update. Nodes pull with their own account: no pull secret is needed.
 * @param token access token, good for an hour; the builder doesn't count its change as a change of the image
 */
export function registry(context: GkeContext, token: pulumi.Output<string>): RegistryStore {
  const { config, stack, own, apis, labels } = context;
  const { host, create, keepCount, deleteAfterDays } = config.registry;
  const { location, repositoryId, server, prefix } = placeOf(context);
  const made = host === "pkg.dev" || create;
  const repository = made
    ? new Repository(
        "registry",
        {
          project: config.project,
          location,
          repositoryId,
          format: "DOCKER",
          description: `Images of modelport's stack ${stack}`,
          labels: { ...labels },
          cleanupPolicies: [
            { id: "keep-newest", action: "KEEP", mostRecentVersions: { keepCount } },
            {
              id: "delete-old",
              action: "DELETE",
              condition: { tagState: "ANY", olderThan: `${deleteAfterDays * SECONDS_A_DAY}s` },
            },
          ],
        },
        { ...own, dependsOn: [...apis] },
      )
    : undefined;
  return {
    kind: "registry",
    server,
    repository: (service) => `${prefix}/${service}`,
    push: { user: "oauth2accesstoken", password: token },
    dependsOn: repository === undefined ? apis : [repository],
  };
}
