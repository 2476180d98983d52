export interface KubeconfigTextArgs {
  /** Of cluster, user and context. */
  readonly name: string;
  /** https://… */
  readonly server: string;
  /** Base64. Default: an authority that every machine trusts. */
  readonly certificateAuthority?: string;
  /** As a kubeconfig has it: token, certificate and key, or a plugin. */
  readonly user: object;
}

/** A kubeconfig with one cluster as JSON, which is YAML too. */
export function kubeconfigText(args: KubeconfigTextArgs): string {
  const { name, server, certificateAuthority, user } = args;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [
      {
        name,
        cluster: {
          server,
          ...(certificateAuthority === undefined
            ? {}
            : { "certificate-authority-data": certificateAuthority }),
        },
      },
    ],
    users: [{ name, user }],
  });
}
