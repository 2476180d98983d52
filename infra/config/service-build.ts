import { z } from "zod";
import { isRecord, keysOf, recordAt, type ServiceDraft } from "./drafts";
import { removeCommand, setCommand, type FaultContext } from "./faults";
import { say } from "./values";
import type { Fault } from "../errors";

/** https://host/path, ssh://user@host/path or user@host:path; never with a password in it. */
const REPOSITORY =
  /^(?:https:\/\/[^\s@/?#]+\/[^\s@?#]+|ssh:\/\/[\w.-]+@[^\s@/?#]+\/[^\s@?#]+|[\w.-]+@[\w.-]+:[^\s@?#]+)$/;

/** What git-check-ref-format(1) lets a branch or tag be called, nearly; a full SHA-1 is one too. */
const REF = /^(?![-/.])(?!.*(?:\.\.|\/\/|@\{|\.lock$|[/.]$))[\w./+@-]+$/;

const FOLDER = /^(?![/-])(?!(?:.*\/)?\.\.(?:\/|$))[\w./+@-]+$/;

const IMAGE = /^[a-z0-9][a-z0-9.-]*(?::\d+)?(?:\/[\w.-]+)+(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$/;

const SSH_KEY = /^-----BEGIN [A-Z ]*PRIVATE KEY-----\s/;

/** Of a private repository: user and token for https, a key for ssh. */
const credentials = z.strictObject({
  /** Login name; many hosts take any beside a token. Default: none. */
  user: z.string().min(1).optional(),
  /** Access token that may read the repository; set with --secret. Default: none. */
  token: z.string().min(1).optional(),
  /** Private key in PEM, without a passphrase; set with --secret. Default: none. */
  sshKey: z.string().regex(SSH_KEY, say("a private key: -----BEGIN … PRIVATE KEY-----")).optional(),
});

export const GIT_STRATEGIES = ["docker", "source"] as const;

/** Sources that the cluster itself builds from: OpenShift. */
const git = z.strictObject({
  /** Address of the repository, https or ssh. */
  repository: z
    .string()
    .regex(REPOSITORY, say("https://host/path or ssh://git@host/path, without a password in it"))
    .meta({ examples: ["https://github.com/example/iris.git"] }),
  /** Branch, tag or full commit; each update builds what a branch then points to. Default: the repository's own branch. */
  ref: z.string().regex(REF, say("a branch, a tag or a full commit")).optional(),
  /** Folder in the repository that is built. Default: ".", all of it. */
  contextDir: z.string().regex(FOLDER, say("a folder below the repository's root")).default("."),
  /** By the folder's Dockerfile, or from its sources by a builder image. Default: docker where there is a Dockerfile, else source. */
  strategy: z.enum(GIT_STRATEGIES).optional(),
  /** Image of strategy source. Default: Red Hat's for the language, told by the folder's files. */
  builderImage: z.string().regex(IMAGE, say("an image's full name, with its registry")).optional(),
  credentials: credentials.optional(),
  /** Counted up to build the same commit again, e.g. with a newer builder image. Default: 0. */
  rebuild: z.int().min(0).max(1_000_000).default(0),
});

/** An image to build: from a folder here, or from Git in the cluster. */
export const build = z.strictObject({
  /** Folder with the Dockerfile, relative to the repository. Default: none, where there is `git`. */
  context: z.string().min(1).optional(),
  /** Within the folder. Default: "Dockerfile". */
  dockerfile: z.string().min(1).default("Dockerfile"),
  git: git.optional(),
});

export type BuildConfig = z.infer<typeof build>;
export type GitBuildConfig = z.infer<typeof git>;

/** Targets whose cluster may build from Git. Of `existing` only its API server knows, which is asked before anything is registered. */
const GIT_BUILD_TARGETS: readonly unknown[] = ["openshift", "existing"];

/** What the schema of `build` can't say. @param at the service's key */
export function checkBuild(at: string, service: ServiceDraft, context: FaultContext): Fault[] {
  const draft = service.build;
  if (!isRecord(draft)) return [];
  const { stack, values } = context;
  const key = `${at}.build`;
  if ("context" in draft === "git" in draft)
    return [
      {
        key,
        got: "git" in draft ? "context and git" : "neither context nor git",
        allowed: "exactly one of context (a folder here), git (built in the cluster)",
        fix:
          "git" in draft
            ? removeCommand(`${key}.context`, stack)
            : setCommand(`${key}.context`, "<folder>", stack),
      },
    ];
  if (!("git" in draft)) return [];
  const { target } = values;
  if (!GIT_BUILD_TARGETS.includes(target))
    return [
      {
        key: `${key}.git`,
        got: `a build in the cluster, on target ${String(target)}`,
        allowed: "build.context here; build.git on target openshift, or an existing OpenShift",
        fix: removeCommand(`${key}.git`, stack),
      },
    ];
  return [
    ...strategyFaults(`${key}.git`, recordAt(draft, "git"), stack),
    ...credentialFaults(`${key}.git`, recordAt(draft, "git"), stack),
  ];
}

function strategyFaults(at: string, git: Readonly<Record<string, unknown>>, stack: string) {
  if (git["strategy"] !== "docker" || git["builderImage"] === undefined) return [];
  return [
    {
      key: `${at}.builderImage`,
      got: "a builder image, beside strategy docker",
      allowed: "nothing: the Dockerfile names its own; or strategy source",
      fix: removeCommand(`${at}.builderImage`, stack),
    },
  ];
}

function credentialFaults(
  at: string,
  git: Readonly<Record<string, unknown>>,
  stack: string,
): Fault[] {
  const given = keysOf(git["credentials"]);
  if (given.length === 0) return [];
  const key = `${at}.credentials`;
  const wanted = isHttps(git["repository"]) ? ["user", "token"] : ["sshKey"];
  if ([...given].sort().join() === [...wanted].sort().join()) return [];
  const missing = wanted.find((name) => !given.includes(name));
  const surplus = given.find((name) => !wanted.includes(name));
  return [
    {
      key,
      got: given.join(" and "),
      allowed: isHttps(git["repository"])
        ? "user and token, for a repository by https"
        : "sshKey, for a repository by ssh",
      fix:
        missing === undefined
          ? removeCommand(`${key}.${surplus ?? ""}`, stack)
          : setCommand(`${key}.${missing}`, "<user>", stack, missing !== "user"),
    },
  ];
}

const isHttps = (repository: unknown) =>
  typeof repository !== "string" || repository.startsWith("https://");

/** As Docker and Compose take a build context from Git: https://docs.docker.com/build/concepts/context/#git-repositories. */
export function dockerContext({ repository, ref, contextDir }: GitBuildConfig): string {
  const folder = contextDir === "." ? "" : `:${contextDir}`;
  return ref === undefined && folder === "" ? repository : `${repository}#${ref ?? ""}${folder}`;
}
