import type { RegistryHost, Verdict } from "../../clouds/gateway/gateway";
import { Api } from "../api";
import { INTERNAL_REGISTRY } from "../kinds";

interface TokenReview {
  readonly status: {
    readonly authenticated?: boolean;
    readonly user?: { readonly username: string; readonly groups?: readonly string[] };
  };
}

/** Said to who has no right, too: auth.go, wrapErr. */
const UNAUTHORIZED: Verdict = {
  ok: false,
  status: 401,
  code: "UNAUTHORIZED",
  message: "authentication required",
};

/** What its repositories are called in the registry behind it, apart from those of others. */
const FOLDER = "openshift";

/**
 * The registry of the cluster for the gateway. Password is a token of the API server, whatever the user is called; who may see an ImageStream's
 * layers may pull, who may change them may push: openshift/image-registry, pkg/dockerregistry/server/auth.go.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/registry/accessing-the-registry
 */
export function imageRegistry(kubeconfig: string): RegistryHost {
  /** Not before it is asked: the gateway may be there first. */
  let connection: Promise<Api> | undefined;
  return {
    pattern: new RegExp(`^${INTERNAL_REGISTRY.replaceAll(".", "\\.")}$`),
    async authorize(login, { repository, action }) {
      if (login === undefined) return UNAUTHORIZED;
      const api = await (connection ??= Api.connect(kubeconfig));
      const user = await userOf(api, login.password);
      if (user === undefined) return UNAUTHORIZED;
      if (repository === "") return { ok: true };
      const [namespace = "", name = "", ...more] = repository.split("/");
      if (name === "" || more.length > 0) return UNAUTHORIZED;
      const allowed = await api.may(user, {
        group: "image.openshift.io",
        resource: "imagestreams",
        subresource: "layers",
        verb: action === "pull" ? "get" : "update",
        namespace,
        name,
      });
      return allowed ? { ok: true } : UNAUTHORIZED;
    },
    path: (repository) => `${FOLDER}/${repository}`,
  };
}

async function userOf(api: Api, token: string) {
  const { status } = await api.ask<TokenReview>("/apis/authentication.k8s.io/v1/tokenreviews", {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenReview",
    spec: { token },
  });
  if (status.authenticated !== true || status.user === undefined) return undefined;
  return { user: status.user.username, groups: status.user.groups ?? [] };
}
