import type { RegistryHost, Verdict } from "../../clouds/gateway/gateway";
import type { Api } from "../api";
import { INTERNAL_REGISTRY } from "../kinds";

interface TokenReview {
  readonly status: {
    readonly authenticated?: boolean;
    readonly user?: { readonly username: string; readonly groups?: readonly string[] };
  };
}

const UNAUTHORIZED: Verdict = {
  ok: false,
  status: 401,
  code: "UNAUTHORIZED",
  message: "authentication required",
};

const DENIED: Verdict = {
  ok: false,
  status: 403,
  code: "DENIED",
  message: "requested access to the resource is denied",
};

/** What its repositories are called in the registry behind it, apart from those of others. */
const FOLDER = "openshift";

/**
 * The registry of the cluster for the gateway. Password is a token of the API server, whatever the user is called; who may see an ImageStream's
 * layers may pull, who may change them may push: openshift/image-registry, pkg/dockerregistry/server/auth.go.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/registry/accessing-the-registry
 */
export function imageRegistry(api: Api): RegistryHost {
  return {
    pattern: new RegExp(`^${INTERNAL_REGISTRY.replaceAll(".", "\\.")}$`),
    async authorize(login, { repository, action }) {
      if (login === undefined) return UNAUTHORIZED;
      const user = await userOf(api, login.password);
      if (user === undefined) return UNAUTHORIZED;
      if (repository === "") return { ok: true };
      const [namespace = "", name = "", ...more] = repository.split("/");
      if (name === "" || more.length > 0) return DENIED;
      const allowed = await api.may(user, {
        group: "image.openshift.io",
        resource: "imagestreams",
        subresource: "layers",
        verb: action === "pull" ? "get" : "update",
        namespace,
        name,
      });
      return allowed ? { ok: true } : DENIED;
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
