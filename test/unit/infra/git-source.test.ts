import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { GitBuildConfig } from "../../../infra/config/service-build";
import { builderFor, LANGUAGES } from "../../../infra/git-languages";
import { resolveGitSource } from "../../../infra/git-source";
import { setOffline } from "../../../infra/offline-mode";

const KEY = "modelport:services.iris.build";

describe("a Git source", () => {
  let root: string;
  let repository: string;
  let first: string;
  let head: string;

  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
      cwd: repository,
      encoding: "utf8",
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
    }).trim();
  const write = (files: Record<string, string>) => {
    for (const [file, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(repository, file)), { recursive: true });
      fs.writeFileSync(path.join(repository, file), text);
    }
  };
  const commit = (message: string) => {
    git("add", "--all");
    git("commit", "--quiet", "--message", message);
    return git("rev-parse", "HEAD");
  };

  before(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "git-source-"));
    repository = path.join(root, "iris.git");
    fs.mkdirSync(repository);
    git("init", "--quiet", "--initial-branch", "trunk");
    write({
      "README.md": "",
      "python/requirements.txt": "",
      "python/app.py": "",
      "docker/Dockerfile": "FROM scratch",
      "docker/requirements.txt": "",
      "odd/Containerfile": "FROM scratch",
    });
    first = commit("first");
    git("tag", "v1");
    git("tag", "--annotate", "--message", "one", "v1-annotated");
    write({ "README.md": "more" });
    head = commit("second");
    git("branch", "v1-annotated-not", first);
  });
  after(() => fs.rmSync(root, { recursive: true }));

  const resolve = (config: Partial<GitBuildConfig> = {}, dockerfile = "Dockerfile") =>
    resolveGitSource(
      KEY,
      { repository, contextDir: "docker", rebuild: 0, strategy: "docker", ...config },
      dockerfile,
    );

  describe("finds the commit of", () => {
    const cases: [string, () => string | undefined, () => string][] = [
      ["the repository's own branch", () => undefined, () => head],
      ["a branch", () => "trunk", () => head],
      ["a branch whose name begins like another's", () => "v1-annotated-not", () => first],
      ["a tag", () => "v1", () => first],
      ["an annotated tag, not the tag's own object", () => "v1-annotated", () => first],
      ["a commit, without asking", () => "a".repeat(40), () => "a".repeat(40)],
    ];
    for (const [what, ref, expected] of cases)
      it(what, async () => {
        const name = ref();
        const source = await resolve(name === undefined ? {} : { ref: name });
        assert.equal(source.commit, expected());
        assert.equal(source.ref, name ?? "HEAD");
      });
  });

  describe("tells how a folder is built", () => {
    const how = async (config: Partial<GitBuildConfig>, dockerfile?: string) => {
      const asked = { repository, rebuild: 0, contextDir: ".", ...config };
      return (await resolveGitSource(KEY, asked, dockerfile ?? "Dockerfile")).strategy;
    };
    const python = { kind: "source", builderImage: builderFor(["requirements.txt"]) };

    it("by its Dockerfile, even beside sources", async () =>
      assert.deepEqual(await how({ contextDir: "docker" }), {
        kind: "docker",
        dockerfile: "Dockerfile",
      }));
    it("by a Dockerfile of another name", async () =>
      assert.deepEqual(await how({ contextDir: "odd" }, "./Containerfile"), {
        kind: "docker",
        dockerfile: "./Containerfile",
      }));
    it("by a Dockerfile in a folder below", async () =>
      assert.equal((await how({}, "docker/Dockerfile")).kind, "docker"));
    it("by its language", async () =>
      assert.deepEqual(await how({ contextDir: "python" }), python));
    it("by its language where that is asked for, though there is a Dockerfile", async () =>
      assert.deepEqual(await how({ contextDir: "docker", strategy: "source" }), python));
    it("at a tag as at a branch", async () =>
      assert.deepEqual(await how({ contextDir: "python", ref: "v1-annotated" }), python));
    it("at the branch that is built, where a tag has its name", async () => {
      git("checkout", "--quiet", "-b", "same");
      write({ "same/Dockerfile": "FROM scratch" });
      const branch = commit("branch");
      git("tag", "same", first);
      git("checkout", "--quiet", "trunk");
      const source = await resolveGitSource(
        KEY,
        { repository, rebuild: 0, contextDir: "same", ref: "same" },
        "Dockerfile",
      );
      assert.deepEqual([source.commit, source.strategy.kind], [branch, "docker"]);
    });
    it("by the given builder image, whatever there is", async () =>
      assert.deepEqual(await how({ builderImage: "registry.example.com/s2i:1" }), {
        kind: "source",
        builderImage: "registry.example.com/s2i:1",
      }));

    it("refuses a folder that tells nothing", () =>
      assert.rejects(
        how({}),
        /build\.git: how .* can't be told[\s\S]*why: \. has README\.md, docker, odd, python; neither/,
      ));
    it("refuses a folder that isn't there, and says what is", () =>
      assert.rejects(
        how({ contextDir: "nowhere" }),
        /contextDir: there is no folder nowhere\n {2}why: .* has README\.md, docker, odd, python/,
      ));
  });

  it("knows one builder image for each language", () => {
    for (const { files, builderImage } of LANGUAGES)
      for (const file of files) assert.equal(builderFor(["LICENSE", file]), builderImage);
    assert.equal(builderFor(["LICENSE"]), undefined);
  });

  describe("refuses", () => {
    it("a branch that isn't there", () =>
      assert.rejects(resolve({ ref: "main" }), /build\.git\.ref: .* has no branch or tag main\n/));
    it("a repository that isn't there, in git's words", () =>
      assert.rejects(
        resolve({ repository: path.join(root, "none.git") }),
        /none\.git can't be read\n {2}why: fatal: .*\n {2}fix: git ls-remote /,
      ));
    it("a machine without git", async () => {
      const { PATH } = process.env;
      process.env["PATH"] = root;
      try {
        await assert.rejects(resolve(), /there is no git command on PATH/);
      } finally {
        process.env["PATH"] = PATH;
      }
    });
  });

  describe("with credentials", () => {
    const credentials = { user: "me", token: "hidden-token" };
    let server: http.Server;
    let address: string;
    let seen: (string | undefined)[];
    before(async () => {
      server = http.createServer((request, response) => {
        seen.push(request.headers.authorization);
        response.statusCode = 404;
        response.end();
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    beforeEach(() => (seen = []));
    after(() => server.close());

    it("logs in, and never tells the token", async () => {
      await assert.rejects(
        resolve({ repository: `${address}/private.git`, credentials }),
        (error: Error) => {
          assert.match(error.message, /private\.git can't be read/);
          assert.doesNotMatch(error.message, /hidden-token|bWU6/);
          return true;
        },
      );
      const basic = `Basic ${Buffer.from("me:hidden-token").toString("base64")}`;
      assert.deepEqual([...new Set(seen)], [basic]);
    });

    it("tells what ssh has against a key", async () => {
      const before = process.env["GIT_SSH_COMMAND"];
      const said = 'Load key "key": error in libcrypto\ngit@host: Permission denied (publickey).';
      process.env["GIT_SSH_COMMAND"] = `sh -c 'echo "$0" >&2; exit 255' '${said}'`;
      try {
        await assert.rejects(
          resolve({ repository: "ssh://git@host/private.git", credentials: { sshKey: "no key" } }),
          /why: Load key "key": error in libcrypto; git@host: Permission denied \(publickey\)\.; fatal: /,
        );
      } finally {
        if (before === undefined) delete process.env["GIT_SSH_COMMAND"];
        else process.env["GIT_SSH_COMMAND"] = before;
      }
    });

    it("gives the cluster a Secret of the type that builds take", async () => {
      const https = await resolve({ credentials });
      assert.equal(https.credentials?.type, "kubernetes.io/basic-auth");
      const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----";
      const ssh = await resolve({ credentials: { sshKey: key } });
      assert.equal(ssh.credentials?.type, "kubernetes.io/ssh-auth");
    });
  });

  it("is a stand-in without network in an offline run", async () => {
    setOffline(true);
    try {
      const source = await resolve({ repository: "https://example.invalid/iris.git" });
      assert.equal(source.commit, "0".repeat(40));
    } finally {
      setOffline(false);
    }
  });

  it("leaves nothing behind", async () => {
    const own = fs.mkdtempSync(path.join(os.tmpdir(), "git-source-"));
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = own;
    try {
      assert.equal(os.tmpdir(), own);
      await resolve();
      assert.deepEqual(fs.readdirSync(own), []);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      fs.rmSync(own, { recursive: true });
    }
  });
});
