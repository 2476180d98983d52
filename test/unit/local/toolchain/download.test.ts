import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

import { UserError } from "../../../../local/errors";
import { platform } from "../../../../local/toolchain/platform";
import { kubernetesRelease } from "../../../../local/toolchain/releases";
import { canReach, download, downloadSource } from "../../../../local/toolchain/sources/download";
import { toolTable, type ToolSpec } from "../../../../local/toolchain/table";
import {
  executable,
  removeTemporaryFolders,
  silentStep,
  temporaryFolder,
} from "./support/temporary";

describe("local/toolchain/sources/download", () => {
  let server: http.Server;
  let origin: string;
  let files: Record<string, Buffer>;
  /** Answers of another kind. */
  let special: Record<string, http.RequestListener>;
  beforeEach((done) => {
    files = {};
    special = {};
    server = http.createServer((request, response) => {
      const body = files[request.url ?? ""];
      const listener = special[request.url ?? ""];
      if (listener !== undefined) listener(request, response);
      else response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    server.listen(0, "127.0.0.1", () => {
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      done();
    });
  });
  afterEach((done) => {
    removeTemporaryFolders();
    server.closeAllConnections();
    server.close(done);
  });

  const sha256 = (data: Buffer) => `sha256:${createHash("sha256").update(data).digest("hex")}`;

  it("keeps a file whose checksum is right", async () => {
    const body = Buffer.alloc(3_000_000, 7);
    files["/file"] = body;
    const target = path.join(temporaryFolder(), "file");
    await download({ url: `${origin}/file`, checksum: sha256(body) }, target, silentStep);
    assert(fs.readFileSync(target).equals(body));
  });

  it("deletes a file whose checksum is wrong, and names both checksums and the address", async () => {
    files["/file"] = Buffer.from("changed");
    const target = path.join(temporaryFolder(), "file");
    const checksum = sha256(Buffer.from("original"));
    await assert.rejects(
      download({ url: `${origin}/file`, checksum }, target, silentStep),
      (error: unknown) => {
        assert(error instanceof UserError);
        assert(error.message.includes(`${origin}/file`));
        assert(error.why?.includes(checksum));
        assert(error.why?.includes(sha256(Buffer.from("changed"))));
        return error.exitCode === 3;
      },
    );
    assert.equal(fs.existsSync(target), false);
  });

  it("says which address failed, and why", async () => {
    const target = path.join(temporaryFolder(), "file");
    const gone = download({ url: `${origin}/gone`, checksum: "sha256:0" }, target, silentStep);
    await assert.rejects(gone, {
      message: `${origin}/gone could not be downloaded`,
      why: "HTTP 404",
    });
    const closed = "http://127.0.0.1:1/file";
    const refused = download({ url: closed, checksum: "sha256:0" }, target, silentStep);
    await assert.rejects(refused, /could not be downloaded/);
    assert.equal(fs.existsSync(target), false);
  });

  it("knows that a server can't be reached", async () => {
    assert.equal(await canReach("http://127.0.0.1:1"), false);
    assert.equal(await canReach("http://host.invalid"), false);
    assert.equal(await canReach(origin), true);
  });

  it("says that the disk is full, whenever that shows", async () => {
    special["/slow"] = (_, response) => {
      response.write("first");
      setTimeout(() => response.end("second"), 100);
    };
    const target = path.join(temporaryFolder(), "file");
    fs.symlinkSync("/dev/full", target);
    const full = download({ url: `${origin}/slow`, checksum: "sha256:0" }, target, silentStep);
    await assert.rejects(full, { name: "UserError", why: /ENOSPC/ });
    assert.equal(fs.lstatSync(target, { throwIfNoEntry: false }), undefined);
  });

  it("knows beforehand that a file can't be had, though its server answers", async () => {
    const obstacle = (name: string) => {
      const file = { url: `${origin}/${name}`, checksum: "sha256:0" };
      return downloadSource.obstacle({ version: "1", files: { [platform()]: [file] }, bin: {} });
    };
    const status = (code: number, location?: string): http.RequestListener => {
      return (_request, response) => {
        response.writeHead(code, location === undefined ? {} : { location }).end();
      };
    };
    const withoutHead = (code: number): http.RequestListener => {
      return (request, response) =>
        status(request.method === "HEAD" ? code : 206)(request, response);
    };
    files["/there"] = Buffer.from("there");
    special["/forbidden"] = status(403);
    special["/moved"] = status(302, "/there");
    special["/away"] = status(302, "http://127.0.0.1:1/file");
    special["/no-head"] = withoutHead(405);
    special["/signed"] = withoutHead(403);
    assert.deepEqual(await obstacle("forbidden"), {
      why: `${origin}/forbidden can't be had: HTTP 403`,
    });
    assert.match((await obstacle("away"))?.why ?? "", /\/away can't be had: fetch failed: ./);
    for (const name of ["there", "moved", "no-head", "signed"])
      assert.equal(await obstacle(name), undefined, name);
    // Asked once.
    special["/forbidden"] = status(200);
    assert.notEqual(await obstacle("forbidden"), undefined);
  });

  it("unpacks archives, saves bare executables, and dispatches by name", async () => {
    const source = temporaryFolder();
    executable(path.join(source, "pack/first"), 'echo "first $1"');
    executable(path.join(source, "pack/unused"), "");
    const archive = path.join(source, "pack.tar.gz");
    execFileSync("tar", ["-czf", archive, "-C", source, "pack"]);
    files["/pack.tar.gz"] = fs.readFileSync(archive);
    files["/second"] = Buffer.from('#!/bin/sh\necho "second $1"\n');
    const spec = {
      version: "1",
      files: {
        [platform()]: [
          {
            url: `${origin}/pack.tar.gz`,
            checksum: sha256(files["/pack.tar.gz"]),
            members: ["pack/first"],
          },
          { url: `${origin}/second`, checksum: sha256(files["/second"]), executable: "second" },
        ],
      },
      bin: { first: "pack/first", second: "second" },
      dispatcher: "both",
    };
    const dir = temporaryFolder();
    const receipt = await downloadSource.fetch(spec, { dir, folder: dir }, silentStep);
    assert.deepEqual(receipt.bin, { first: "pack/first", second: "second", both: "both" });
    const both = (name: string) => execFileSync(path.join(dir, "both"), [name, "x"]).toString();
    assert.equal(both("first"), "first x\n");
    assert.equal(both("second"), "second x\n");
    assert.equal(fs.existsSync(path.join(dir, "pack/unused")), false);
    assert.throws(() => both("third"), /usage/);
  });

  it("has a well-formed checksum for every official release in the table", () => {
    const specs: ToolSpec[] = Object.values(toolTable);
    const releases = specs.flatMap(({ download }) => (download === undefined ? [] : [download]));
    assert(releases.includes(kubernetesRelease));
    for (const { url, checksum } of releases.flatMap(({ files }) => Object.values(files).flat())) {
      assert.match(checksum, /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/, url);
      assert.match(url, /^https:/);
    }
  });
});
