import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { connect, loadKubeconfig } from "../../../../../local/providers/kubernetes/kubeconfig";

const text = `
apiVersion: v1
kind: Config
current-context: first
contexts:
- {name: first, context: {cluster: one, user: u, namespace: team}}
- {name: second, context: {cluster: two, user: signs-in}}
- {name: dangling, context: {cluster: gone, user: u}}
clusters:
- {name: one, cluster: {server: "https://127.0.0.1:1", certificate-authority: ca.pem, tls-server-name: api}}
- {name: two, cluster: {server: "https://127.0.0.1:2", insecure-skip-tls-verify: true}}
users:
- {name: u, user: {token: t}}
- {name: signs-in, user: {auth-provider: {name: gcp}}}
`;

describe("a kubeconfig", () => {
  let folder: string;
  let file: string;

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-kubeconfig-"));
    file = path.join(folder, "config");
    fs.writeFileSync(file, text);
    fs.writeFileSync(path.join(folder, "ca.pem"), "CA");
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  it("is read from a path; its own paths start at its folder", async () => {
    assert.deepEqual(connect(await loadKubeconfig(file), {}), {
      server: "https://127.0.0.1:1",
      ca: Buffer.from("CA"),
      token: "t",
      tlsServerName: "api",
      insecureSkipTlsVerify: false,
      namespace: "team",
    });
  });

  it("is read from text, YAML or JSON", async () => {
    for (const content of [text, JSON.stringify((await loadKubeconfig(file)).content)]) {
      const { server } = connect(await loadKubeconfig(content), { cluster: "two" });
      assert.equal(server, "https://127.0.0.1:2");
    }
  });

  it("is read from all files of $KUBECONFIG, of which the first wins", async () => {
    const second = path.join(folder, "second");
    fs.writeFileSync(
      second,
      JSON.stringify({
        "current-context": "x",
        contexts: [{ name: "x", context: { cluster: "x", user: "u" } }],
        clusters: [{ name: "x", cluster: { server: "https://127.0.0.1:9" } }],
      }),
    );
    const before = process.env["KUBECONFIG"];
    process.env["KUBECONFIG"] = [path.join(folder, "none"), file, second].join(path.delimiter);
    try {
      const merged = await loadKubeconfig(undefined);
      assert.equal(connect(merged, { cluster: "two" }).server, "https://127.0.0.1:2");
      assert.equal(connect(merged, { context: "x" }).server, "https://127.0.0.1:9");
    } finally {
      if (before === undefined) delete process.env["KUBECONFIG"];
      else process.env["KUBECONFIG"] = before;
    }
  });

  const faults: [string, { context?: string; cluster?: string }, RegExp][] = [
    ["a context that does not exist", { context: "nope" }, /context "nope" does not exist/],
    ["a cluster that does not exist", { context: "dangling" }, /cluster "gone" does not exist/],
    [
      "a way of signing in it does not have",
      { context: "second" },
      /"signs-in" signs in by "auth-provider"/,
    ],
  ];
  for (const [what, overrides, message] of faults)
    it(`names ${what}`, async () => {
      const kubeconfig = await loadKubeconfig(file);
      assert.throws(() => connect(kubeconfig, overrides), message);
    });

  it("is not quoted when it cannot be parsed, as it holds secrets", async () => {
    for (const broken of [
      '{"token": canary-1}',
      "users:\n- token: canary-1\n  : [",
      "a: b: canary-1",
    ])
      await assert.rejects(loadKubeconfig(broken), (error: Error) => {
        assert.ok(!error.message.includes("canary"), error.message);
        return true;
      });
  });

  it("is neither a path nor a text", async () => {
    await assert.rejects(loadKubeconfig("/no/such/file"), /neither the path/);
  });
});
