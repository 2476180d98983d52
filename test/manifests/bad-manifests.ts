/** What each scanner must object to: a field that no API has, no limits, root, a floating tag. */
export const BAD_MANIFESTS: readonly Record<string, unknown>[] = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "bad", namespace: "bad" },
    spec: {
      replica: 1,
      selector: { matchLabels: { app: "bad" } },
      template: {
        metadata: { labels: { app: "bad" } },
        spec: {
          containers: [{ name: "bad", image: "bad:latest", securityContext: { privileged: true } }],
        },
      },
    },
  },
];
