import * as fs from "node:fs";
import * as path from "node:path";
import type { BuildSpec } from "../kinds";
import { BuildFailure } from "./outcome";
import { program, type StepContext } from "./run";

export interface Source {
  /** What is built. */
  readonly directory: string;
  readonly commit: string;
}

export interface SourceContext extends StepContext {
  /** Of the source secret, decoded: `username` and `password`, or `ssh-privatekey`. */
  readonly credentials: Readonly<Record<string, string>>;
  /** File of certificates, PEM, that Git servers' are signed with. */
  readonly trusted: string;
  /** Path of git's ssh. */
  readonly ssh: string;
}

/**
 * Clones a build's repository and checks its ref out: openshift/builder, pkg/build/builder/source.go.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/builds_using_buildconfig/creating-build-inputs#builds-adding-source-clone-secrets_creating-build-inputs
 * @throws BuildFailure FetchSourceFailed with git's own words, InvalidContextDirectory
 */
export async function fetchSource(
  { git: { uri, ref }, contextDir = "." }: BuildSpec["source"],
  context: SourceContext,
): Promise<Source> {
  const { log, scratch, trusted } = context;
  const clone = path.join(scratch, "inputs");
  const env = { ...environment(uri, context), GIT_SSL_CAINFO: trusted };
  const git = async (...args: string[]): Promise<string> => {
    const { code, output } = await program(["git", ...args], context, { env, quiet: true });
    if (code !== 0) throw new BuildFailure("FetchSourceFailed", fetchFault(uri, output));
    return output;
  };
  log(`Cloning "${uri}" ...\n`);
  await git("ls-remote", "--heads", "--", uri);
  const shallow = ref === undefined ? ["--recursive", "--depth=1"] : [];
  await git("clone", "--quiet", ...shallow, "--", uri, clone);
  if (ref !== undefined) {
    await git("-C", clone, "checkout", "--quiet", ref);
    await git("-C", clone, "submodule", "--quiet", "update", "--init", "--recursive");
  }
  const format = "%H (%s)%n\tAuthor:\t%an <%ae>%n\tDate:\t%cd";
  const told = await git("-C", clone, "log", "-1", `--format=${format}`);
  log(`\tCommit:\t${told}`);
  const directory = path.join(clone, contextDir);
  if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new BuildFailure(
      "InvalidContextDirectory",
      `error: provided context directory does not exist: ${contextDir}`,
    );
  return { directory, commit: told.slice(0, told.indexOf(" ")) };
}

/** checkRemoteGit tells two faults in words of its own, and git's for all others. */
export function fetchFault(uri: string, output: string): string {
  if (output.includes("Authentication failed"))
    return `error: failed to fetch requested repository "${uri}" with provided credentials`;
  if (output.includes("not found")) return `error: requested repository "${uri}" not found`;
  return `error: ${output.trim()}`;
}

/** Without anything of this machine's user. */
const SSH_OPTIONS =
  "-F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR";

/** git without anything of this machine's user, and with what it needs to log in; it never asks. */
function environment(
  uri: string,
  { credentials, scratch, ssh: client }: SourceContext,
): Record<string, string> {
  const ssh = `'${client}' ${SSH_OPTIONS}`;
  const env: Record<string, string> = {
    HOME: scratch,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ASKPASS: "true",
    GIT_TERMINAL_PROMPT: "0",
    GIT_SSH_COMMAND: ssh,
  };
  const { username = "builder", password, "ssh-privatekey": key } = credentials;
  if (password !== undefined && URL.canParse(uri)) {
    const url = new URL(uri);
    const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
    const file = path.join(scratch, "git-credentials");
    fs.writeFileSync(file, `${url.protocol}//${login}@${url.host}\n`, { mode: 0o600 });
    env["GIT_CONFIG_COUNT"] = "1";
    env["GIT_CONFIG_KEY_0"] = "credential.helper";
    env["GIT_CONFIG_VALUE_0"] = `store --file=${file}`;
  }
  if (key !== undefined) {
    const file = path.join(scratch, "ssh-privatekey");
    fs.writeFileSync(file, key, { mode: 0o600 });
    env["GIT_SSH_COMMAND"] = `${ssh} -o IdentitiesOnly=yes -i '${file}'`;
  }
  return env;
}
