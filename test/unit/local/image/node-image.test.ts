import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { nodeImageContext } from "../../../../local/image/node-image";
import type { Tool } from "../../../../local/toolchain";
import { restoreVariables } from "../../../support/environment";
import { removeTemporaryFolders, temporaryFolder } from "../toolchain/support/temporary";

describe("the Node image's build context", () => {
  const outer = { ...process.env };
  let cache: string;
  beforeEach(() => {
    cache = temporaryFolder();
    process.env["XDG_CACHE_HOME"] = cache;
    fs.writeFileSync(path.join(cache, "node"), "node");
  });
  afterEach(() => {
    restoreVariables(outer);
    removeTemporaryFolders();
  });

  const tool = (name: Tool["name"], bin: Tool["bin"]): Tool => {
    return { name, version: "1", source: "npm", dir: path.join(cache, "none"), bin };
  };
  const libraries = () => tool("image-libraries", {});
  const node = () => tool("image-node", { node: path.join(cache, "node") });

  it("is made once", () => {
    const { directory } = nodeImageContext(node(), libraries());
    assert.equal(fs.readFileSync(path.join(directory, "root/nodejs/bin/node"), "utf8"), "node");
    fs.writeFileSync(path.join(directory, "mark"), "");
    assert.equal(nodeImageContext(node(), libraries()).directory, directory);
    assert.equal(fs.existsSync(path.join(directory, "mark")), true);
  });

  it("is another's when that was quicker", () => {
    const images = path.join(cache, "modelport/images");
    const quicker = {
      get node() {
        const [partial = ""] = fs.readdirSync(images);
        const theirs = path.join(images, partial.slice(0, -`.${process.pid}`.length));
        fs.mkdirSync(theirs);
        fs.writeFileSync(path.join(theirs, "mark"), "");
        return path.join(cache, "node");
      },
    };
    const { directory } = nodeImageContext(tool("image-node", quicker), libraries());
    assert.deepEqual(fs.readdirSync(directory), ["mark"]);
    assert.deepEqual(fs.readdirSync(images), [path.basename(directory)]);
  });
});
