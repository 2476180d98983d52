import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { imagePlatformFaults } from "../../../infra/image-platform";

const DIGESTS = { index: "1", single: "2", hidden: "3", arm: "4", strange: "5" } as const;
const digestOf = (name: keyof typeof DIGESTS) => `sha256:${DIGESTS[name].repeat(64)}`;
const CONFIG = `sha256:${"c".repeat(64)}`;

describe("a ready image's platform", () => {
  let root: string;
  let server: http.Server;
  let host: string;
  let requests: string[];

  /** A registry that tells nothing without a token, and gives one to anybody for everything but "hidden". */
  const answer = (url: URL, authorization: string | undefined): [number, unknown] => {
    if (url.pathname === "/token")
      return url.searchParams.get("scope") === "repository:team/hidden:pull"
        ? [401, {}]
        : [200, { token: "anonymous" }];
    if (authorization !== "Bearer anonymous") return [401, {}];
    const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
    const known: Record<string, unknown> = {
      [`/v2/team/app/manifests/${digestOf("index")}`]: {
        manifests: [
          platform("amd64"),
          platform("arm64"),
          { platform: { os: "unknown", architecture: "unknown" } },
        ],
      },
      [`/v2/team/app/manifests/${digestOf("single")}`]: { config: { digest: CONFIG } },
      [`/v2/team/app/blobs/${CONFIG}`]: { os: "linux", architecture: "amd64" },
      [`/v2/team/app/manifests/${digestOf("arm")}`]: { manifests: [platform("arm64")] },
      [`/v2/team/app/manifests/${digestOf("strange")}`]: { hello: "world" },
    };
    return url.pathname in known ? [200, known[url.pathname]] : [404, {}];
  };

  before(async () => {
    server = http.createServer((request, response) => {
      const url = new URL(request.url ?? "", host);
      requests.push(url.pathname);
      const [status, body] = answer(url, request.headers.authorization);
      const repository = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(url.pathname)?.[1] ?? "";
      if (status === 401)
        response.setHeader(
          "www-authenticate",
          `Bearer realm="${host}/token",service="test",scope="repository:${repository}:pull"`,
        );
      response.writeHead(status, { "content-type": "application/json", connection: "close" });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    host = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    requests = [];
    root = fs.mkdtempSync(path.join(os.tmpdir(), "image-platform-"));
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  const faults = (name: keyof typeof DIGESTS, repository = "team/app") => {
    const image = `${host.slice("http://".length)}/${repository}@${digestOf(name)}`;
    return imagePlatformFaults([{ service: "own", image }], "linux/amd64", root, "test");
  };

  it("is right in an index that has it, and in an image that is it", async () => {
    assert.deepEqual(await faults("index"), []);
    assert.deepEqual(await faults("single"), []);
  });

  it("is refused where the nodes have another, and asked once", async () => {
    const [fault] = await faults("arm");
    assert.equal(fault?.key, "modelport:services.own.image");
    assert.equal(fault.got, "an image for linux/arm64");
    assert.match(fault.allowed, /one for linux\/amd64/);
    const asked = requests.length;
    assert.equal((await faults("arm")).length, 1);
    assert.equal(requests.length, asked, "a digest's answer is kept");
  });

  it("is nobody's fault where the registry doesn't tell", async () => {
    assert.deepEqual(await faults("hidden", "team/hidden"), []);
    assert.deepEqual(await faults("strange"), []);
    assert.deepEqual(await faults("hidden"), [], "404");
    const closed = `127.0.0.1:1/x@${digestOf("arm")}`;
    const images = [{ service: "own", image: closed }];
    assert.deepEqual(await imagePlatformFaults(images, "linux/amd64", root, "test"), []);
    assert.ok(!fs.existsSync(path.join(root, ".modelport")), "nothing to keep");
  });
});
