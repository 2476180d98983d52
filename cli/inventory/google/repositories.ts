import { z } from "zod";
import { placeOf } from "../../../infra/targets/gke/registry-place";
import type { Look } from "../found";
import { optionalList } from "../shapes";
import type { GoogleApi } from "./api";
import type { GoogleStack } from "./stack";

/** https://docs.cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories/list */
const shape = z.object({
  repositories: optionalList(
    z.object({
      name: z.string(),
      labels: z.record(z.string(), z.string()).default({}),
      createTime: z.string().optional(),
    }),
  ),
});

/** By label: a gcr.io repository may be the project's own. None where config says that there was one. */
export function repositoryLooks(
  api: GoogleApi,
  { project, config, label, stack }: GoogleStack,
): Look[] {
  const { host, create } = config.registry;
  if (host !== "pkg.dev" && !create) return [];
  const { location } = placeOf(config, stack);
  const at = `projects/${project}/locations/${location}/repositories`;
  const find = async () =>
    (await api.pages("artifactregistry", at, shape))
      .flatMap(({ repositories }) => repositories)
      .filter(({ labels }) => labels["modelport-stack"] === label)
      .map(({ name, createTime }) => {
        const id = name.split("/").at(-1) ?? name;
        return {
          kind: "image repository",
          name: id,
          place: location,
          ...(createTime === undefined ? {} : { since: createTime }),
          remove: `gcloud artifacts repositories delete ${id} --location ${location} --project ${project} --quiet`,
        };
      });
  return [{ kinds: "image repositories", find }];
}
