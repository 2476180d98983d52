import assert from "node:assert/strict";
import { parseConfig } from "../../../../infra/config";
import { dockerContext, type BuildConfig } from "../../../../infra/config/service-build";
import { ConfigError } from "../../../../infra/errors";

const REPOSITORY = "https://github.com/example/iris.git";
const SSH = "ssh://git@github.com/example/iris.git";
const SSH_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n";

/** The least that targets want. */
const SECTIONS: Readonly<Record<string, object>> = {
  existing: { registry: { server: "registry.example.com" } },
  openshift: {
    registryNamespace: "acme-models",
    disableOutboundTrafficProtection: true,
  },
};

interface Options {
  readonly target?: string;
  readonly secret?: boolean;
}

function parse(build: unknown, { target = "openshift", secret = false }: Options = {}) {
  const sections: Record<string, unknown> = {
    target,
    [target]: SECTIONS[target] ?? {},
    services: { iris: { build, prediction: { body: {} } } },
  };
  return parseConfig({
    stack: "test",
    values: Object.fromEntries(
      Object.entries(sections).map(([key, value]) => [
        `modelport:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
    secretKeys: secret ? ["modelport:services"] : [],
    models: ["iris"],
  });
}

const git = (settings: Record<string, unknown> = {}) => ({
  git: { repository: REPOSITORY, ...settings },
});

function faults(build: unknown, options?: Options): string[] {
  try {
    parse(build, options);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults.map(({ key, got, allowed, fix }) => {
      assert.ok([key, got, allowed, fix].every((text) => text !== ""));
      return `${key.replace("modelport:services.iris.", "")}: ${got} | ${allowed} | ${fix}`;
    });
  }
  return [];
}

describe("config of a build", () => {
  const built = (build: unknown, options?: Options): BuildConfig | undefined =>
    parse(build, options).services["iris"]?.build;

  it("is a folder with a Dockerfile", () =>
    assert.deepEqual(built({ context: "examples/nginx" }, { target: "embedded" }), {
      context: "examples/nginx",
      dockerfile: "Dockerfile",
    }));

  it("is a repository, of which only the address is needed", () =>
    assert.deepEqual(built(git()), {
      dockerfile: "Dockerfile",
      git: { repository: REPOSITORY, contextDir: ".", rebuild: 0 },
    }));

  it("may be from Git in any cluster that may be an OpenShift", () =>
    assert.deepEqual(faults(git(), { target: "existing" }), []));

  describe("takes", () => {
    const cases: [string, Record<string, unknown>, Options?][] = [
      ["a branch with slashes", { ref: "feature/new-model" }],
      ["a commit", { ref: "a".repeat(40) }],
      ["a folder", { contextDir: "models/iris" }],
      ["an address of scp's kind", { repository: "git@github.com:example/iris.git" }],
      ["a builder image", { builderImage: "registry.example.com:5000/s2i/python:3.12" }],
      ["user and token", { credentials: { user: "me", token: "t" } }, { secret: true }],
      ["an SSH key", { repository: SSH, credentials: { sshKey: SSH_KEY } }, { secret: true }],
    ];
    for (const [what, settings, options] of cases)
      it(what, () => assert.deepEqual(faults(git(settings), options), []));
  });

  describe("refuses", () => {
    const cases: [string, unknown, RegExp, Options?][] = [
      [
        "neither folder nor repository",
        {},
        /^build: neither context nor git \| exactly one of .*build\.context/,
      ],
      ["both", { context: ".", ...git() }, /^build: context and git \| .* \| pulumi config rm/],
      ["Git where the cluster can't build", git(), /^build\.git: .*target gke/, { target: "gke" }],
      ["Git on one's own machine", git(), /^build\.git: .*embedded/, { target: "embedded" }],
      ["no address", { git: {} }, /^build\.git\.repository: nothing/],
      [
        "a password in the address",
        git({ repository: "https://me:pw@example.com/a" }),
        /without a/,
      ],
      ["plain http", git({ repository: "http://example.com/a.git" }), /https:\/\/host/],
      ["a local folder", git({ repository: "file:///etc" }), /https:\/\/host/],
      ["an option as address", git({ repository: "--upload-pack=x" }), /https:\/\/host/],
      ["an option as branch", git({ ref: "--upload-pack=x" }), /a branch, a tag/],
      ["a folder outside", git({ contextDir: "../other" }), /below the repository/],
      ["an absolute folder", git({ contextDir: "/etc" }), /below the repository/],
      ["an unknown strategy", git({ strategy: "custom" }), /one of docker, source/],
      [
        "a builder image beside a Dockerfile",
        git({ strategy: "docker", builderImage: "registry.example.com/s2i" }),
        /^build\.git\.builderImage: .* \| pulumi config rm/,
      ],
      ["a builder image without a registry", git({ builderImage: "python" }), /full name/],
      [
        "a plain token",
        git({ credentials: { user: "me", token: "t" } }),
        /^build\.git\.credentials\.token: plain text .*--secret/,
      ],
      [
        "a token without a user",
        git({ credentials: { token: "t" } }),
        /^build\.git\.credentials: token \| user and token.*credentials\.user/,
        { secret: true },
      ],
      [
        "a token for an address by ssh",
        git({ repository: SSH, credentials: { user: "me", token: "t" } }),
        /sshKey, for a repository by ssh/,
        { secret: true },
      ],
      [
        "an SSH key for an address by https",
        git({ credentials: { sshKey: SSH_KEY } }),
        /user and token, for a repository by https/,
        { secret: true },
      ],
      ["a public key", git({ credentials: { sshKey: "ssh-ed25519 AAAA" } }), /PRIVATE KEY/],
      ["a misspelt key", git({ branch: "main" }), /^build\.git\.branch: a key that does not exist/],
    ];
    for (const [what, build, expected, options] of cases)
      it(what, () => {
        const found = faults(build, options);
        assert.ok(
          found.some((line) => expected.test(line)),
          found.join("\n"),
        );
      });

    it("never showing a token", () => {
      const lines = faults(git({ credentials: { token: "hidden" }, ref: "--x" }), { secret: true });
      assert.doesNotMatch(lines.join("\n"), /hidden/);
    });
  });

  it("tells Docker the same source, for one's own machine", () => {
    const context = (settings: Record<string, unknown>) =>
      dockerContext(built(git(settings))?.git ?? assert.fail());
    assert.deepEqual(
      [{}, { ref: "v1" }, { contextDir: "a/b" }, { ref: "v1", contextDir: "a" }].map(context),
      [REPOSITORY, `${REPOSITORY}#v1`, `${REPOSITORY}#:a/b`, `${REPOSITORY}#v1:a`],
    );
  });
});
