import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  folderFiles,
  stageContext,
  type StagedContext,
} from "../../../infra/components/build-context";
import { ownFiles } from "../../../infra/components/own-files";
import { serverFiles } from "../../../infra/components/server-files";

/** A checkout with a small server, as a given umask and clock would have left it. */
function checkout(mode: number, time: Date): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "checkout-"));
  const write = (file: string, content: string) => {
    const full = path.join(root, file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, content);
    fs.chmodSync(full, mode);
    fs.utimesSync(full, time, time);
  };
  write("app/context.json", JSON.stringify(RULES));
  write("app/Dockerfile", "FROM scratch\n");
  write("dist/server.js", "serve()\n");
  write("dist/server-grpc.js", "grpc()\n");
  write("dist/server.js.map", "no\n");
  write("dist/cli.js", "no\n");
  write("node_modules/lib/b.js", "b\n");
  write("node_modules/lib/a.js", "a\n");
  write("node_modules/lib/readme.md", "no\n");
  write("node_modules/lib/x64.node", "binary\n");
  for (const version of ["1", "2"]) {
    write(`app/models/iris/${version}/model.onnx`, `v${version}\n`);
    write(`app/models/iris/${version}/golden.json`, "no\n");
  }
  write("app/models/iris/2/words/list.json", "[]\n");
  write("app/models/iris/model.json", "{}\n");
  return root;
}

const RULES = {
  files: [
    { from: "app/Dockerfile", to: "Dockerfile" },
    { from: "dist/server*.js", to: "server/" },
    { from: "node_modules/lib/*.js", to: "node_modules/lib/" },
  ],
  perArch: { "linux/amd64": [{ from: "node_modules/lib/x64.node", to: "bin/" }] },
  perModel: [
    { from: "app/models/{model}/model.json", to: "models/{model}/" },
    { from: "app/models/{model}/{version}/{file}", to: "models/{model}/{version}/{file}" },
  ],
};

const MODELS = [
  {
    name: "iris",
    versions: [
      { version: "1", files: { "model.onnx": "0" } },
      { version: "2", files: { "model.onnx": "0", "words/list.json": "0" } },
    ],
  },
];

function stage(root: string): StagedContext & { folder: string } {
  const staged = stageContext(root, "dev", "iris", serverFiles(root, "linux/amd64", MODELS));
  return { ...staged, folder: path.join(root, "infra", staged.path) };
}

/** Path, mode, time and content of everything in a folder. */
function picture(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const full = path.join(entry.parentPath, entry.name);
      const { mode, mtimeMs } = fs.statSync(full);
      const content = entry.isFile() ? fs.readFileSync(full, "utf8") : "/";
      return `${path.relative(folder, full)} ${(mode & 0o777).toString(8)} ${mtimeMs} ${content}`;
    })
    .sort();
}

describe("build context", () => {
  const roots: string[] = [];
  const make = (mode = 0o644, time = new Date("2024-05-01")) => {
    const root = checkout(mode, time);
    fs.mkdirSync(path.join(root, "infra"));
    roots.push(root);
    return root;
  };
  after(() => roots.forEach((root) => fs.rmSync(root, { recursive: true })));

  it("holds what app/context.json lists, and nothing else", () => {
    const { folder } = stage(make());
    assert.deepEqual(
      folderFiles(folder)
        .map(({ target }) => target)
        .sort(),
      [
        "Dockerfile",
        "bin/x64.node",
        "models/iris/1/model.onnx",
        "models/iris/2/model.onnx",
        "models/iris/2/words/list.json",
        "models/iris/model.json",
        "node_modules/lib/a.js",
        "node_modules/lib/b.js",
        "server/server-grpc.js",
        "server/server.js",
      ],
    );
  });

  it("is the same in two checkouts, whatever their umask, clock and place", () => {
    const one = stage(make(0o600, new Date("2020-01-01")));
    const two = stage(make(0o664, new Date("2026-11-21")));
    assert.equal(one.hash, two.hash);
    assert.equal(one.path, two.path);
    assert.equal(one.path, "../.modelport/contexts/dev/iris");
    assert.deepEqual(picture(one.folder), picture(two.folder));
    assert.ok(picture(one.folder).every((line) => / (?:644|755) 315532800000 /.test(line)));
  });

  it("neither reads nor writes what is unchanged", () => {
    const root = make();
    const first = stage(root);
    const { ino } = fs.statSync(path.join(first.folder, "server/server.js"));
    // Another content behind the same size and time would only be seen by reading it.
    const source = path.join(root, "dist/server.js");
    const { mtime } = fs.statSync(source);
    fs.writeFileSync(source, "SERVE()\n");
    fs.utimesSync(source, mtime, mtime);
    const second = stage(root);
    assert.equal(second.hash, first.hash);
    assert.equal(fs.statSync(path.join(first.folder, "server/server.js")).ino, ino);
  });

  it("follows a change, a new file and one that went", () => {
    const root = make();
    const first = stage(root);
    fs.writeFileSync(path.join(root, "dist/server.js"), "serve(2)\n");
    const changed = stage(root);
    assert.notEqual(changed.hash, first.hash);
    fs.rmSync(path.join(root, "node_modules/lib/b.js"));
    const fewer = stage(root);
    assert.notEqual(fewer.hash, changed.hash);
    assert.equal(fs.existsSync(path.join(fewer.folder, "node_modules/lib/b.js")), false);
  });

  it("mends a staged tree that somebody touched", () => {
    const root = make();
    const { folder, hash } = stage(root);
    const before = picture(folder);
    fs.chmodSync(path.join(folder, "server/server.js"), 0o777);
    fs.writeFileSync(path.join(folder, "stray"), "x");
    fs.rmSync(path.join(folder, "Dockerfile"));
    assert.equal(stage(root).hash, hash);
    assert.deepEqual(picture(folder), before);
  });

  it("shares files between services of a stack, and parts them again", () => {
    const root = make();
    const of = (service: string) => {
      const files = serverFiles(root, "linux/amd64", MODELS);
      return path.join(root, "infra", stageContext(root, "dev", service, files).path);
    };
    const [one, other] = [of("one"), of("other")];
    const inode = (folder: string) => fs.statSync(path.join(folder, "bin/x64.node")).ino;
    assert.equal(inode(one), inode(other));
    assert.deepEqual(picture(one), picture(other));
    const before = picture(other);
    fs.writeFileSync(path.join(root, "node_modules/lib/x64.node"), "newer\n");
    assert.notDeepEqual(picture(of("one")), before);
    assert.deepEqual(picture(other), before, "the twin is as it was");
    // A stamp that is lost: the file is a link to its twin already.
    of("other");
    fs.rmSync(`${other}.json`);
    of("one");
    assert.deepEqual(picture(of("other")), picture(one));
    assert.ok(!fs.readdirSync(path.join(other, "bin")).some((name) => name.endsWith(".part")));
  });

  it("says what is missing and how to get it", () => {
    const root = make();
    fs.rmSync(path.join(root, "node_modules/lib"), { recursive: true });
    assert.throws(() => stage(root), /the image needs node_modules\/lib\/\*\.js[\s\S]*fix: npm ci/);
  });

  it("keeps an own container's executables executable", () => {
    const root = make();
    const own = path.join(root, "own");
    fs.mkdirSync(own);
    fs.writeFileSync(path.join(own, "run.sh"), "#!/bin/sh\n", { mode: 0o775 });
    const staged = stageContext(root, "dev", "own", ownFiles(own, "Dockerfile").files);
    const { mode } = fs.statSync(path.join(root, "infra", staged.path, "run.sh"));
    assert.equal(mode & 0o777, 0o755);
  });

  describe("of an own container", () => {
    let own: string;
    const write = (file: string, content = "x") => {
      fs.mkdirSync(path.dirname(path.join(own, file)), { recursive: true });
      fs.writeFileSync(path.join(own, file), content);
    };
    const targets = (dockerfile = "Dockerfile") =>
      ownFiles(own, dockerfile)
        .files.map(({ target }) => target)
        .sort();
    beforeEach(() => {
      own = fs.mkdtempSync(path.join(os.tmpdir(), "own-files-"));
      write("Dockerfile", "FROM scratch\n");
    });
    afterEach(() => fs.rmSync(own, { recursive: true }));

    it("follows links to files and folders in it", () => {
      write(".cache/files/md5/ab", "model");
      fs.symlinkSync(".cache/files/md5/ab", path.join(own, "model.bin"));
      fs.symlinkSync(".cache/files", path.join(own, "data"));
      const { files, loose } = ownFiles(own, "Dockerfile");
      assert.deepEqual(loose, []);
      const model = files.find(({ target }) => target === "model.bin");
      assert.equal(fs.readFileSync(model!.source, "utf8"), "model");
      assert.deepEqual(targets(), [
        ".cache/files/md5/ab",
        "Dockerfile",
        "data/md5/ab",
        "model.bin",
      ]);
    });

    it("tells of links that lead out of it, nowhere, or to where they are", () => {
      fs.symlinkSync(os.tmpdir(), path.join(own, "out"));
      fs.symlinkSync("gone", path.join(own, "nowhere"));
      write("sub/file");
      fs.symlinkSync("..", path.join(own, "sub", "up"));
      assert.deepEqual(ownFiles(own, "Dockerfile").loose, ["nowhere", "out", "sub/up"]);
      write(".dockerignore", "out\nnowhere\nsub\n");
      assert.deepEqual(ownFiles(own, "Dockerfile").loose, []);
    });

    it("leaves out .git and what Docker ignores, but for its Dockerfile", () => {
      write(".git/HEAD");
      write("app.py");
      write(".venv/bin/python");
      write("pkg/__pycache__/a.pyc");
      write("pkg/a.py");
      write(".dockerignore", ".venv\n**/__pycache__\nDockerfile\n");
      assert.deepEqual(targets(), [".dockerignore", "Dockerfile", "app.py", "pkg/a.py"]);
      write("Other", "FROM scratch\n");
      write("Other.dockerignore", "*\n!pkg/*.py\n");
      assert.deepEqual(targets("Other"), ["Other", "pkg/a.py"]);
    });
  });
});
