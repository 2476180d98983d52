import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { parseDepends, unpack } from "../../../../local/toolchain/sources/debian";
import { expose } from "../../../../local/toolchain/sources/expose";
import {
  executable,
  removeTemporaryFolders,
  silentStep,
  temporaryFolder,
} from "./support/temporary";

describe("local/toolchain/sources/debian", () => {
  afterEach(removeTemporaryFolders);

  it("reads the libraries out of apt-cache's answer", () => {
    const answer = [
      "docker.io",
      " |Depends: libelogind0",
      "  Depends: libsystemd0",
      "  Depends: adduser",
      "  PreDepends: libc6",
      "  Depends: libseccomp2",
      "  Depends: <libvirtual>",
      "  Breaks: libold1",
    ].join("\n");
    assert.deepEqual(parseDepends(answer), ["libelogind0", "libseccomp2"]);
  });

  it("unpacks a package without installing it, and tells its version", function () {
    if (spawnSync("dpkg-deb", ["--version"]).status !== 0) this.skip();
    const [tree, downloads, dir] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    executable(path.join(tree, "usr/bin/thing"), "echo hello");
    fs.mkdirSync(path.join(tree, "DEBIAN"));
    const control =
      "Package: thing\nVersion: 1.2-3\nArchitecture: all\nMaintainer: nobody\nDescription: x\n";
    fs.writeFileSync(path.join(tree, "DEBIAN/control"), control);
    executable(path.join(tree, "DEBIAN/postinst"), `touch ${dir}/installed`);
    fs.chmodSync(tree, 0o755);
    execFileSync("dpkg-deb", ["-b", tree, path.join(downloads, "thing_1.2-3_all.deb")]);
    return unpack(downloads, dir, "thing", silentStep).then((version) => {
      assert.equal(version, "1.2-3");
      assert.equal(execFileSync(path.join(dir, "usr/bin/thing")).toString(), "hello\n");
      assert.equal(fs.existsSync(path.join(dir, "installed")), false);
    });
  });

  describe("expose", () => {
    const library = "usr/lib/x86_64-linux-gnu";

    it("links what needs no library of its own, wherever the release put it", () => {
      const dir = temporaryFolder();
      executable(path.join(dir, "usr/bin/static"), "echo static");
      const bin = expose({ dir, folder: dir }, { static: "bin/static" });
      assert.deepEqual(bin, { static: "exec/static" });
      assert.equal(fs.readlinkSync(path.join(dir, "exec/static")), "../usr/bin/static");
    });

    it("wraps what does, so that it finds its libraries at the final place", () => {
      const [dir, folder] = [temporaryFolder(), temporaryFolder()];
      fs.mkdirSync(path.join(dir, library), { recursive: true });
      fs.writeFileSync(path.join(dir, library, "libthing.so.2"), "");
      executable(
        path.join(dir, "usr/sbin/dynamic"),
        'echo "$LD_LIBRARY_PATH|$*"\nexit\n\0libthing.so.2\0',
      );
      const bin = { dynamic: "usr/sbin/dynamic" };
      expose({ dir, folder }, bin);
      fs.cpSync(dir, folder, { recursive: true });
      const out = execFileSync(path.join(folder, "exec/dynamic"), ["a b", "c"]).toString();
      assert.equal(out, `${path.join(folder, library)}|a b c\n`);
    });

    it("fails when the packages lack an executable", () => {
      const dir = temporaryFolder();
      assert.throws(
        () => expose({ dir, folder: dir }, { gone: "usr/bin/gone" }),
        /no usr\/bin\/gone/,
      );
    });
  });
});
