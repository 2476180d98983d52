import { z } from "zod";
import { once, type Look } from "../found";
import { optionalList } from "../shapes";
import type { GoogleApi } from "./api";
import type { GoogleStack } from "./stack";

/** https://docs.cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters/list; it has no pages */
const shape = z.object({
  clusters: optionalList(
    z.object({
      name: z.string(),
      location: z.string(),
      createTime: z.string().optional(),
      status: z.string().optional(),
      statusMessage: z.string().optional(),
    }),
  ),
  missingZones: optionalList(z.string()),
});

export function clusterLook(api: GoogleApi, { project, cluster }: GoogleStack): Look {
  return {
    kinds: "clusters",
    find: once(async () => {
      const [answer] = await api.pages(
        "container",
        `projects/${project}/locations/-/clusters`,
        shape,
      );
      const { clusters = [], missingZones = [] } = answer ?? {};
      if (missingZones.length > 0) throw new Error(`no answer from ${missingZones.join(", ")}`);
      return clusters
        .filter(({ name }) => name === cluster)
        .map(({ name, location, createTime, status, statusMessage }) => ({
          kind: "cluster",
          name,
          place: location,
          ...(createTime === undefined ? {} : { since: createTime }),
          ...(status === undefined || status === "RUNNING"
            ? {}
            : { detail: [status, statusMessage].filter(Boolean).join(": ") }),
          remove: `gcloud container clusters delete ${name} --location ${location} --project ${project} --quiet`,
        }));
    }),
  };
}
