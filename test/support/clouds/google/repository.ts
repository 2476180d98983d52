import type { Cloud } from "../cloud";
import type { Access, Login, RegistryHost, RuledVerdict } from "../gateway/gateway";
import type { Kind } from "../kind";
import { text } from "../values";
import { allow } from "./access";
import { isValid } from "./credentials";
import { googleError } from "./errors";
import type { Rule } from "./rules";
import { PROJECT, projectDefault, TOKENS } from "./names";
import { nodeAccounts } from "./nodes";

/** A repository of Artifact Registry. */
export const repository: Kind = {
  token: TOKENS.repository,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/artifact_registry_repository",
  replaceOn: ["project", "location", "repositoryId", "format", "kmsKeyName", "mode"],
  defaults: projectDefault,
  seconds: { create: 8, update: 3, delete: 6 },
  create(inputs, cloud) {
    const [project, location, name] = ["project", "location", "repositoryId"].map((key) =>
      text(inputs, key),
    );
    const parent = `projects/${project}/locations/${location}`;
    const id = `${parent}/repositories/${name}`;
    const doing = "Error creating Repository";
    allow(cloud, inputs, {
      doing,
      api: "artifactregistry",
      permission: "artifactregistry.repositories.create",
      resource: parent,
    });
    if (cloud.store.find(TOKENS.repository, id) !== undefined)
      throw googleError("repository-taken", doing, 409, "the repository already exists");
    return {
      id,
      outputs: {
        name,
        createTime: new Date(cloud.now()).toISOString(),
        registryUri: `${location}-docker.pkg.dev/${project}/${name}`,
      },
    };
  },
};

/** https://docs.cloud.google.com/artifact-registry/docs/transition/setup-gcr-repo */
const GCR = { "gcr.io": "us", "us.gcr.io": "us", "eu.gcr.io": "europe", "asia.gcr.io": "asia" };

/** What an image's name leads to: a repository's id, and the name for messages. */
function repositoryOf({ host, repository: path }: Access): { id: string; name: string } {
  const [project = "", first = ""] = path.split("/");
  const gcr = Object.entries(GCR).find(([name]) => name === host);
  const location = gcr?.[1] ?? host.replace("-docker.pkg.dev", "");
  const name = gcr === undefined ? first : host;
  return { id: `projects/${project}/locations/${location}/repositories/${name}`, name };
}

/** Docker's door to Artifact Registry. */
export const registries = (cloud: Cloud): RegistryHost[] => [
  {
    pattern: /^(?:[a-z0-9-]+-docker\.pkg\.dev|(?:(?:us|eu|asia)\.)?gcr\.io)$/,
    authorize: (login, what) => Promise.resolve(authorize(cloud, login, what)),
  },
];

/**
 * Pushes want an access token, https://cloud.google.com/artifact-registry/docs/docker/authentication#token; a pull without a login is
 * one of the cluster's nodes, which has its account's rights, https://cloud.google.com/artifact-registry/docs/integrate-gke.
 */
export function authorize(
  cloud: Cloud,
  login: Login | undefined,
  what: Access,
): RuledVerdict<Rule> {
  const { id, name } = repositoryOf(what);
  const right = what.action === "push" ? "uploadArtifacts" : "downloadArtifacts";
  const permission = `artifactregistry.repositories.${right}`;
  const denied = (rule: Rule, message: string, status: 401 | 403): RuledVerdict<Rule> => ({
    ok: false,
    rule,
    status,
    code: status === 401 ? "UNAUTHORIZED" : "DENIED",
    message,
  });
  if (login === undefined) {
    if (what.repository === "" || what.action === "push" || !mayNodesPull(cloud))
      return denied(
        "registry-without-login",
        `Unauthenticated request. Unauthenticated requests do not have permission "${permission}" on resource "${id}" (or it may not exist)`,
        401,
      );
  } else if (login.user !== "oauth2accesstoken" || !isValid(cloud, login.password)) {
    return denied("registry-login", "authentication failed", 401);
  }
  if (what.repository === "") return { ok: true };
  // https://cloud.google.com/artifact-registry/docs/access-control#permissions
  if (login !== undefined && cloud.faults.holds("permission-denied", permission))
    return denied(
      "registry-permission",
      `Permission "${permission}" denied on resource "${id}" (or it may not exist)`,
      403,
    );
  if (cloud.store.find(TOKENS.repository, id)?.state !== "ready")
    return {
      ok: false,
      rule: "registry-repository",
      status: 404,
      code: "NAME_UNKNOWN",
      message: `Repository "${name}" not found`,
    };
  // https://cloud.google.com/artifact-registry/quotas
  if (what.action === "push" && cloud.faults.holds("registry-full", name))
    return {
      ok: false,
      rule: "registry-full",
      status: 429,
      code: "TOOMANYREQUESTS",
      message: `Quota exceeded for quota metric 'Storage' and limit 'Storage per repository' of service 'artifactregistry.googleapis.com' for consumer 'project_number:123456789012'.`,
    };
  return { ok: true };
}

const READERS = ["reader", "writer", "repoAdmin", "admin"].map(
  (role) => `roles/artifactregistry.${role}`,
);

/** Whether some cluster's account for its nodes may read repositories of the project. */
function mayNodesPull(cloud: Cloud): boolean {
  const accounts = nodeAccounts(cloud).map((email) => `serviceAccount:${email}`);
  return cloud.store
    .list(TOKENS.member)
    .some(
      ({ state, inputs }) =>
        state === "ready" &&
        text(inputs, "project") === PROJECT &&
        READERS.includes(text(inputs, "role")) &&
        accounts.includes(text(inputs, "member")),
    );
}
