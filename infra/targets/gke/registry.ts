import { Repository } from "@pulumi/gcp/artifactregistry/repository";
import type * as pulumi from "@pulumi/pulumi";
import type { RegistryStore } from "../target";
import type { GkeContext } from "./context";
import { placeOf } from "./registry-place";

const SECONDS_A_DAY = 86_400;

/**
 * The repository, and the login of who runs the update. Nodes pull with their own account: no pull secret is needed.
 * @param token access token, good for an hour; the builder doesn't count its change as a change of the image
 */
export function registry(context: GkeContext, token: pulumi.Output<string>): RegistryStore {
  const { config, stack, own, apis, labels } = context;
  const { host, create, keepCount, deleteAfterDays } = config.registry;
  const { location, repositoryId, server, prefix } = placeOf(config, stack);
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
