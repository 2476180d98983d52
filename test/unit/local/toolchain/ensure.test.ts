import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { UserError } from "../../../../local/errors";
import { type Tool, toolTable, type ToolSpec } from "../../../../local/toolchain";
import { requireSpace } from "../../../../local/toolchain/ensure";
import { debianSource } from "../../../../local/toolchain/sources/debian";
import { type GoSpec, goSource } from "../../../../local/toolchain/sources/go";
import { type Answer, runChild } from "./support/spawn";
import { executable, removeTemporaryFolders, temporaryFolder } from "./support/temporary";

describe("local/toolchain/ensure", function () {
  this.timeout(60_000);
  afterEach(removeTemporaryFolders);

  /** Nothing of the machine's shows, but what a test puts on this PATH. */
  const bare = (): { PATH: string; XDG_CACHE_HOME: string; GOMODCACHE: string } => ({
    PATH: temporaryFolder(),
    XDG_CACHE_HOME: temporaryFolder(),
    GOMODCACHE: temporaryFolder(),
  });
  const refusal = (answer: Answer | undefined) => {
    assert(answer?.error !== undefined, JSON.stringify(answer));
    assert.equal(answer.error.exitCode, 3);
    return `${answer.error.message}\n${answer.error.why ?? ""}\n${answer.error.fix ?? ""}`;
  };

  it("prefers what is on PATH", async () => {
    const env = bare();
    executable(path.join(env.PATH, "etcd"), "echo etcd Version: 3.6.1");
    const answer = await runChild(["ensure", "etcd"], env);
    const { etcd } = answer?.ok as Record<string, Tool>;
    assert.deepEqual(etcd, {
      name: "etcd",
      version: "3.6.1",
      source: "path",
      dir: env.PATH,
      bin: { etcd: path.join(env.PATH, "etcd") },
    });
  });

  it("takes what is in the cache without running anything", async () => {
    const env = bare();
    const { debian } = toolTable.tini;
    const folder = path.join(env.XDG_CACHE_HOME, "modelport/tools/tini", debianSource.key(debian));
    fs.mkdirSync(folder, { recursive: true });
    const receipt = { version: "0.19", source: "debian", bin: { tini: "exec/tini" } };
    fs.writeFileSync(path.join(folder, "tool.json"), JSON.stringify(receipt));
    const answer = await runChild(["ensure", "tini"], env);
    const { tini } = answer?.ok as Record<string, Tool>;
    assert.deepEqual(tini?.bin, { tini: path.join(folder, "exec/tini") });
  });

  it("names the missing Go, and how to get it", async () => {
    const said = refusal(await runChild(["ensure", "pause"], bare()));
    assert.match(said, /pause .* can't be had on this machine\n.*Go is not on PATH\n.*go\.dev/);
  });

  it("names a Go that is too old, and the version needed", async () => {
    const env = bare();
    executable(path.join(env.PATH, "go"), "echo go1.20.3");
    const said = refusal(await runChild(["ensure", "pause"], env));
    assert.match(said, /Go is 1\.20\.3, and 1\.24\.0 or newer is needed/);
  });

  it("says that the module proxy can't be reached", async function () {
    const go = (process.env["PATH"] ?? "")
      .split(":")
      .find((dir) => fs.existsSync(path.join(dir, "go")));
    if (go === undefined) this.skip();
    const env = { ...bare(), GOPROXY: "http://127.0.0.1:1" };
    const said = refusal(
      await runChild(["ensure", "coredns"], { ...env, PATH: `${env.PATH}:${go}` }),
    );
    assert.match(said, /Go module proxy can't be reached: .*127\.0\.0\.1:1.*refused/s);
  });

  it("says that the npm registry can't be reached", async () => {
    const node = path.dirname(process.execPath);
    const env = { ...bare(), npm_config_registry: "http://127.0.0.1:1" };
    const said = refusal(
      await runChild(["ensure", "image-node"], {
        ...env,
        PATH: `${env.PATH}:${node}:/usr/bin:/bin`,
      }),
    );
    assert.match(said, /npm: .*127\.0\.0\.1:1/s);
  });

  it("says that a system without apt has no Debian packages", async () => {
    const said = refusal(await runChild(["ensure", "tini"], bare()));
    assert.match(said, /not on PATH in a fitting version; apt-get is not on PATH/);
  });

  it("refuses before any work when the disk is too full", () => {
    const before = process.env["XDG_CACHE_HOME"];
    process.env["XDG_CACHE_HOME"] = temporaryFolder();
    try {
      requireSpace(1);
      assert.throws(
        () => requireSpace(1e18),
        (error: unknown) => {
          assert(error instanceof UserError);
          assert.match(error.why ?? "", /^1000000000\.0 GB are needed in .*, [\d.]+ GB are free$/);
          return error.exitCode === 3;
        },
      );
    } finally {
      if (before === undefined) delete process.env["XDG_CACHE_HOME"];
      else process.env["XDG_CACHE_HOME"] = before;
    }
  });

  it("pins every Go module with go.mod and go.sum, and builds anew when they change", () => {
    const specs: ToolSpec[] = Object.values(toolTable);
    for (const { go } of specs) {
      for (const { module } of go?.builds ?? []) {
        const dir = path.join(__dirname, "../../../../local/toolchain/go", module);
        assert(fs.existsSync(path.join(dir, "go.mod")), module);
        assert(fs.existsSync(path.join(dir, "go.sum")), module);
      }
    }
    const { go }: { go: GoSpec } = toolTable.etcd;
    assert.notEqual(goSource.key(go), goSource.key({ ...go, links: { other: "etcd" } }));
  });
});
