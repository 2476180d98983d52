import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { GitBuildConfig } from "./config/service-build";
import { messageOf, ProgramError } from "./errors";
import { builderFor, LANGUAGES } from "./git-languages";
import { isOffline } from "./offline-mode";

/** What a cluster builds an image from. */
export interface GitSource {
  /** https or ssh. */
  readonly repository: string;
  /** Full hash of the commit that is built. */
  readonly commit: string;
  /** Branch or tag as the user gave it; "HEAD" is the repository's own branch. */
  readonly ref: string;
  /** Folder in the repository; "." is all of it. */
  readonly contextDir: string;
  readonly strategy: GitStrategy;
  /** Another number builds the same commit again. */
  readonly rebuild: number;
  /** For a private repository. */
  readonly credentials?: GitCredentials;
}

export type GitStrategy =
  | { readonly kind: "docker"; readonly dockerfile: string }
  | { readonly kind: "source"; readonly builderImage: string };

/** A Secret as OpenShift's builds take it: type and content. */
export interface GitCredentials {
  readonly type: "kubernetes.io/basic-auth" | "kubernetes.io/ssh-auth";
  readonly data: pulumi.Output<Record<string, string>>;
}

/** Stands for a commit in runs without network. */
const OFFLINE_COMMIT = "0".repeat(40);

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

const ASK_TIMEOUT_MS = 30_000;
const FETCH_TIMEOUT_MS = 120_000;

/**
 * The commit that a service is built from, and how.
 *
 * @param key of the service's `build` in the config, for errors
 * @throws ProgramError when the repository can't be read, or has no such branch, folder, or known language
 */
export async function resolveGitSource(
  key: string,
  config: GitBuildConfig,
  dockerfile: string,
): Promise<GitSource> {
  const { repository, contextDir, rebuild } = config;
  const ref = config.ref ?? "HEAD";
  const credentials = secretOf(config.credentials);
  const known = {
    repository,
    ref,
    contextDir,
    rebuild,
    ...(credentials === undefined ? {} : { credentials }),
  };
  const given = givenStrategy(config, dockerfile);
  if (isOffline())
    return {
      ...known,
      commit: COMMIT.test(ref) ? ref : OFFLINE_COMMIT,
      strategy: given ?? { kind: "docker", dockerfile },
    };
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-git-"));
  try {
    const git = runner(key, config, scratch);
    const found = await findCommit(key, git, repository, ref);
    if (given !== undefined) return { ...known, commit: found.commit, strategy: given };
    return { ...known, ...(await detect(key, git, config, found.ref, dockerfile)) };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function givenStrategy(config: GitBuildConfig, dockerfile: string): GitStrategy | undefined {
  const { strategy, builderImage } = config;
  if (builderImage !== undefined) return { kind: "source", builderImage };
  return strategy === "docker" ? { kind: "docker", dockerfile } : undefined;
}

function secretOf(config: GitBuildConfig["credentials"]): GitCredentials | undefined {
  const { user, token, sshKey } = config ?? {};
  if (sshKey !== undefined)
    return {
      type: "kubernetes.io/ssh-auth",
      // OpenSSH refuses a key without a newline at its end.
      data: pulumi.secret<Record<string, string>>({ "ssh-privatekey": `${sshKey.trimEnd()}\n` }),
    };
  if (user === undefined || token === undefined) return undefined;
  return {
    type: "kubernetes.io/basic-auth",
    data: pulumi.secret<Record<string, string>>({ username: user, password: token }),
  };
}

type Git = (args: readonly string[], timeoutMs?: number) => Promise<string>;

/** The git program with the repository's credentials, in variables and files that other users can't read. It never asks. */
function runner(key: string, { repository, credentials }: GitBuildConfig, scratch: string): Git {
  const { user, token, sshKey } = credentials ?? {};
  const env: Record<string, string> = { GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  const ssh =
    process.env["GIT_SSH_COMMAND"] ?? "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new";
  env["GIT_SSH_COMMAND"] = ssh;
  if (user !== undefined && token !== undefined) {
    const basic = Buffer.from(`${user}:${token}`).toString("base64");
    env["GIT_CONFIG_COUNT"] = "1";
    env["GIT_CONFIG_KEY_0"] = `http.${repository}.extraHeader`;
    env["GIT_CONFIG_VALUE_0"] = `Authorization: Basic ${basic}`;
  }
  if (sshKey !== undefined) {
    const file = path.join(scratch, "key");
    fs.writeFileSync(file, `${sshKey.trimEnd()}\n`, { mode: 0o600 });
    env["GIT_SSH_COMMAND"] = `${ssh} -o IdentitiesOnly=yes -i '${file}'`;
  }
  return async (args, timeoutMs = ASK_TIMEOUT_MS) => {
    try {
      const { stdout } = await promisify(execFile)("git", args, {
        cwd: scratch,
        env: { ...process.env, ...env },
        timeout: timeoutMs,
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    } catch (error) {
      throw unreadable(key, repository, error, timeoutMs);
    }
  };
}

function unreadable(
  key: string,
  repository: string,
  error: unknown,
  timeoutMs: number,
): ProgramError {
  const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: string };
  if (code === "ENOENT")
    return new ProgramError(`${key}.git: there is no git command on PATH`, {
      why: "it says which commit a branch points to",
      fix: "install git: https://git-scm.com/downloads",
    });
  const told = (stderr ?? "")
    .split("\n")
    .filter((line) =>
      /^(?:fatal|error|ERROR|remote|ssh|Host key|Load key|.*Permission denied)\b/.test(line),
    )
    .join("; ");
  return new ProgramError(`${key}.git.repository: ${repository} can't be read`, {
    why:
      killed === true
        ? `git had no answer within ${timeoutMs / 1000} s`
        : told === ""
          ? (messageOf(error).split("\n")[0] ?? "")
          : told,
    fix: `git ls-remote ${repository}; a private one needs ${key}.git.credentials, set with --secret`,
  });
}

/**
 * What a branch, a tag or the repository's own branch points to, and its full name, which a fetch can't take for another's.
 * A branch wins over a tag of the same name, as in `git clone`.
 */
async function findCommit(key: string, git: Git, repository: string, ref: string) {
  if (COMMIT.test(ref)) return { commit: ref, ref };
  const names =
    ref === "HEAD" ? ["HEAD"] : [`refs/heads/${ref}`, `refs/tags/${ref}^{}`, `refs/tags/${ref}`];
  const lines = (await git(["ls-remote", "--", repository, ...names])).split("\n");
  const found = new Map(lines.map((line) => line.split("\t")).map(([hash, name]) => [name, hash]));
  const name = names.find((candidate) => found.has(candidate)) ?? "";
  const commit = found.get(name);
  if (commit !== undefined && COMMIT.test(commit))
    return { commit, ref: name.replace(/\^\{\}$/, "") };
  throw new ProgramError(
    ref === "HEAD"
      ? `${key}.git: ${repository} has no branch of its own`
      : `${key}.git.ref: ${repository} has no branch or tag ${ref}`,
    { why: "git ls-remote doesn't list it", fix: `git ls-remote --heads --tags ${repository}` },
  );
}

/**
 * By the names of the folder's files, from the commit alone: no history and, where the host can do that, no contents.
 * @param ref its full name
 * @returns with the commit that was looked at: a branch may have moved since it was asked for
 */
async function detect(
  key: string,
  git: Git,
  config: GitBuildConfig,
  ref: string,
  dockerfile: string,
): Promise<Pick<GitSource, "commit" | "strategy">> {
  const { repository } = config;
  await git(["init", "--quiet", "--bare", "."]);
  // Nothing of git's may still be at work when the folder is removed.
  const options = ["--quiet", "--no-auto-gc", "--depth=1", "--filter=blob:none"];
  await git(["fetch", ...options, "--", repository, ref], FETCH_TIMEOUT_MS);
  const commit = (await git(["rev-parse", "FETCH_HEAD^{commit}"])).trim();
  return { commit, strategy: await fetchedStrategy(key, git, config, dockerfile) };
}

async function fetchedStrategy(
  key: string,
  git: Git,
  { repository, contextDir, strategy }: GitBuildConfig,
  dockerfile: string,
): Promise<GitStrategy> {
  const folder = contextDir === "." ? "FETCH_HEAD" : `FETCH_HEAD:${contextDir}`;
  const files = await list(git, folder);
  if (files === undefined)
    throw new ProgramError(`${key}.git.contextDir: there is no folder ${contextDir}`, {
      why: `${repository} has ${((await list(git, "FETCH_HEAD")) ?? []).join(", ")}`,
    });
  // The Dockerfile may be named in a folder further below.
  const [top = ""] = path.posix.normalize(dockerfile).split("/");
  if (strategy !== "source" && files.includes(top)) return { kind: "docker", dockerfile };
  const builderImage = builderFor(files);
  if (builderImage !== undefined) return { kind: "source", builderImage };
  const wanted = LANGUAGES.flatMap((language) => language.files).join(", ");
  throw new ProgramError(`${key}.git: how ${repository} is built can't be told by its files`, {
    why: `${contextDir} has ${files.join(", ")}; neither ${dockerfile} nor one of ${wanted}`,
    fix: `give ${key}.dockerfile, or ${key}.git.builderImage for strategy source`,
  });
}

/** Undefined where the commit has no such folder. */
async function list(git: Git, tree: string): Promise<string[] | undefined> {
  try {
    return (await git(["ls-tree", "--name-only", "-z", tree])).split("\0").filter(Boolean);
  } catch {
    return undefined;
  }
}
