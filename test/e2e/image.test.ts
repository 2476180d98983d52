import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { billOfMaterials, defaultBaseImage } from "../../infra/components/bill-of-materials";
import { stageFiles } from "../../infra/components/build-context";
import { BILL_TARGET, IMAGE_FOLDER, serverFiles } from "../../infra/components/server-files";
import { modelNames, readModel } from "../../infra/models";
import { machinePlatform } from "../../infra/units";
import { repositoryRoot } from "../../local/paths";
import { Ignore } from "../../local/providers/docker/ignore";
import { copyCheckout } from "../support/checkout";
import { command } from "../support/command";

/**
 * `docker build -f app/Dockerfile .` on a clone, as far as that goes without the build image: the Dockerfile's own COPY and RUN
 * lines of stage `build`, carried out in an empty folder with an empty npm cache.
 */
describe("the image from a checkout", () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-image-"));
  const source = path.join(scratch, "source");
  const image = path.join(scratch, "image");
  after(() => fs.rmSync(scratch, { recursive: true, force: true }));

  /** What Docker would send: the checkout without what .dockerignore names. */
  function context(): string {
    const checkout = copyCheckout();
    fs.unlinkSync(path.join(checkout, "node_modules"));
    const ignore = new Ignore(fs.readFileSync(path.join(checkout, ".dockerignore"), "utf8"));
    const sift = (folder: string, parent: readonly boolean[]): void => {
      for (const entry of fs.readdirSync(path.join(checkout, folder), { withFileTypes: true })) {
        const file = path.posix.join(folder, entry.name);
        const { ignored, matches } = ignore.match(file, parent);
        if (entry.isDirectory()) sift(file, matches);
        else if (ignored) fs.rmSync(path.join(checkout, file));
      }
    };
    sift("", []);
    return checkout;
  }

  it("ends in the same files as the staged context", async () => {
    const dockerfile = fs
      .readFileSync(path.join(repositoryRoot(), "app/Dockerfile"), "utf8")
      .replaceAll("\\\n", "");
    const stage = /^FROM \S+ AS build\n([^]*?)^FROM /m.exec(dockerfile)?.[1] ?? "";
    const lines = stage.split("\n").filter((line) => /^(?:COPY|RUN) /.test(line));
    assert.equal(lines.length, 4, stage);
    const wanted = await staged();
    const checkout = context();
    assert.equal(fs.existsSync(path.join(checkout, "test/e2e/image.test.ts")), false);
    fs.mkdirSync(source);
    for (const line of lines) {
      const [word, ...rest] = line.split(" ");
      if (word === "COPY")
        for (const file of rest.slice(0, -1))
          fs.cpSync(path.join(checkout, file), path.join(source, file), { recursive: true });
      else await shell(rest.join(" ").replaceAll(" /image", ` ${image}`));
    }
    fs.rmSync(checkout, { recursive: true });
    assert.deepEqual(picture(image), wanted);
  }).timeout(600_000);

  async function shell(script: string): Promise<void> {
    const { code, stderr } = await command(["sh", "-euc", script], {
      cwd: source,
      env: {
        PATH: `${path.dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        npm_config_cache: path.join(scratch, "npm-cache"),
        BASE_IMAGE: defaultBaseImage(repositoryRoot()),
        MODELS: "",
      },
      timeoutSeconds: 500,
    });
    assert.equal(code, 0, stderr);
  }

  /** What `modelport up` would send of this checkout, packages from the same lock file. */
  async function staged(): Promise<string[]> {
    const root = repositoryRoot();
    execFileSync(process.execPath, [path.join(root, "local", "build.js"), "server"]);
    const models = modelNames(root).map((name) => readModel(root, name));
    const platform = machinePlatform(process.arch);
    assert.ok(platform !== undefined && models.length >= 3);
    const bill = path.join(scratch, "bill");
    fs.writeFileSync(bill, await billOfMaterials({ root, models }));
    const files = [
      ...serverFiles(root, platform, models),
      { source: bill, target: BILL_TARGET },
    ].filter(({ target }) => target.startsWith(IMAGE_FOLDER));
    const folder = path.join(scratch, "staged");
    stageFiles(
      folder,
      files.map((file) => ({ ...file, target: file.target.slice(IMAGE_FOLDER.length) })),
    );
    return picture(folder);
  }
});

/** Path, mode and content of everything in a folder. */
function picture(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const content = entry.isFile()
        ? createHash("sha256").update(fs.readFileSync(file)).digest("hex")
        : "/";
      const mode = (fs.statSync(file).mode & 0o777).toString(8);
      return `${path.relative(folder, file)} ${mode} ${content}`;
    })
    .sort();
}
