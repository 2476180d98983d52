import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { silentProgress } from "../../local/progress";
import { ensureTools } from "../../local/toolchain";

const HOST = "127.0.0.1";

export interface GitOverSsh {
  /** Private key, PEM, of who may read. */
  readonly key: string;
  /** One that the server doesn't know. */
  readonly strangerKey: string;
  /** An ssh program that leaves the user's known hosts and settings alone. */
  readonly program: string;
  /** As `git clone` takes it. */
  url(name: string): string;
  close(): Promise<void>;
}

export interface GitOverSshOptions {
  /** For keys and settings. */
  readonly folder: string;
  /** Folder of bare repositories: those of serveGit, for one. */
  readonly repositories: string;
}

/**
 * Runs sshd(8) for one connection, in mounts of its own: this machine may lack the account and the folder that it parts privileges
 * with, and has no user `git`.
 */
const RUN = `
mount --bind "$1/passwd" /etc/passwd
mount -t tmpfs none /run
mkdir -m 755 /run/sshd
exec "$0" -i -e -f "$1/config"
`;

/** Serves Git repositories over ssh on this machine, as root: OpenSSH lets who has the key run git-shell(1), and nothing else. */
export async function serveGitOverSsh(options: GitOverSshOptions): Promise<GitOverSsh> {
  const { folder, repositories } = options;
  const { openssh } = await ensureTools(["openssh"], { progress: silentProgress() });
  const { ssh = "", sshd = "", "ssh-keygen": keygen = "" } = openssh.bin;
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = (name: string) => path.join(folder, name);
  for (const name of ["host", "reader", "stranger"])
    execFileSync(keygen, ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file(name)]);
  const config = settings(file("host"), file("reader.pub"));
  fs.writeFileSync(file("config"), [config, ...programPaths(openssh.dir)].join("\n"));
  fs.writeFileSync(
    file("passwd"),
    `git:x:0:0::${folder}:/bin/sh\nsshd:x:65534:65534::/:/bin/false\n`,
  );
  const program = `#!/bin/sh\nexec '${ssh}' -F none -o 'UserKnownHostsFile=${file("known")}' "$@"\n`;
  fs.writeFileSync(file("ssh"), program, { mode: 0o755 });

  const connections = new Set<Promise<void>>();
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    const child = spawn("unshare", ["--mount", "sh", "-euc", RUN, sshd, folder], {
      stdio: [socket, socket, "ignore"],
    });
    // It has the connection now.
    child.once("spawn", () => socket.destroy());
    const over = new Promise<void>((resolve) => {
      child.once("close", () => resolve());
      child.once("error", (error) => {
        socket.end(`no sshd: ${error.message}\r\n`);
        resolve();
      });
    });
    connections.add(over);
    void over.then(() => connections.delete(over));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, HOST, () => resolve());
  });
  const { port } = server.address() as net.AddressInfo;
  return {
    key: fs.readFileSync(file("reader"), "utf8"),
    strangerKey: fs.readFileSync(file("stranger"), "utf8"),
    program: file("ssh"),
    url: (name) => `ssh://git@${HOST}:${port}${repositories}/${name}.git`,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await Promise.all(connections);
    },
  };
}

const settings = (hostKey: string, readers: string) => `
HostKey ${hostKey}
AuthorizedKeysFile ${readers}
AuthenticationMethods publickey
StrictModes no
UsePAM no
ForceCommand exec git-shell -c "$SSH_ORIGINAL_COMMAND"
`;

/** From OpenSSH 9.8 on sshd calls programs of its own, by where they would be if it was installed. @param dir of the unpacked packages */
const programPaths = (dir: string) =>
  Object.entries({ SshdSessionPath: "sshd-session", SshdAuthPath: "sshd-auth" })
    .map(([option, name]) => [option, path.join(dir, "usr/lib/openssh", name)] as const)
    .filter(([, program]) => fs.existsSync(program))
    .map((words) => words.join(" "));
