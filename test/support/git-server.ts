import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import type * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import type { Authority } from "./clouds/certificates";

const HOST = "127.0.0.1";

export interface GitServer {
  /** Makes a repository with one commit of these files, or adds a commit to it. @returns the commit */
  commit(name: string, files: Readonly<Record<string, string>>): string;
  /** As `git clone` takes it; who clones must trust the authority (GIT_SSL_CAINFO). */
  url(name: string): string;
  close(): Promise<void>;
}

export interface GitServerOptions {
  /** For the repositories. */
  readonly folder: string;
  /** Signs the server's certificate. */
  readonly authority: Authority;
  /** Asked of everyone. Default: everyone may read. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** Serves Git repositories over HTTPS on this machine, by git's own git-http-backend(1). */
export async function serveGit({ folder, authority, login }: GitServerOptions): Promise<GitServer> {
  const bare = path.join(folder, "bare");
  fs.mkdirSync(bare, { recursive: true });
  const { certificate: cert, key } = authority.issue([HOST]);
  const server = https.createServer({ cert, key }, (request, response) => {
    const { user, password } = login ?? {};
    const wanted = `Basic ${Buffer.from(`${user ?? ""}:${password ?? ""}`).toString("base64")}`;
    if (login !== undefined && request.headers.authorization !== wanted)
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    else backend(bare, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, HOST, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    commit(name, files) {
      const work = path.join(folder, "work", name);
      if (!fs.existsSync(work)) {
        git(
          folder,
          "init",
          "--quiet",
          "--bare",
          "--initial-branch=main",
          path.join(bare, `${name}.git`),
        );
        git(folder, "init", "--quiet", "--initial-branch=main", work);
      }
      for (const [file, contents] of Object.entries(files)) {
        fs.mkdirSync(path.dirname(path.join(work, file)), { recursive: true });
        fs.writeFileSync(path.join(work, file), contents, { mode: 0o755 });
      }
      git(work, "add", "--all");
      git(work, "commit", "--quiet", "--message", `files of ${name}`);
      git(work, "push", "--quiet", path.join(bare, `${name}.git`), "HEAD:refs/heads/main");
      return git(work, "rev-parse", "HEAD").trim();
    },
    url: (name) => `https://${HOST}:${port}/${name}.git`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Nothing of this machine's user goes in. */
function git(cwd: string, ...args: string[]): string {
  return execFileSync("git", args, {
    cwd,
    encoding: "utf8",
    env: {
      ...process.env,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "Test",
      GIT_AUTHOR_EMAIL: "test@example.com",
      GIT_COMMITTER_NAME: "Test",
      GIT_COMMITTER_EMAIL: "test@example.com",
    },
  });
}

/** CGI: RFC 3875, 6. */
function backend(root: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://git");
  const { "content-type": type = "", "content-encoding": encoding = "" } = request.headers;
  const child = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      // Its owner may not be who runs this.
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      GIT_CONFIG_KEY_1: "uploadpack.allowFilter",
      GIT_CONFIG_VALUE_1: "true",
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: type,
      HTTP_CONTENT_ENCODING: encoding,
      REMOTE_ADDR: "127.0.0.1",
    },
  });
  request.pipe(child.stdin).on("error", () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.once("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    let status = 200;
    for (const line of answer.subarray(0, end).toString().split("\r\n")) {
      const [name = "", value = ""] = line.split(/: (.*)/);
      if (name === "Status") status = Number.parseInt(value, 10);
      else if (name !== "") response.setHeader(name, value);
    }
    response.writeHead(status).end(answer.subarray(end + 4));
  });
}
