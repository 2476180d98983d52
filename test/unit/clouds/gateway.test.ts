import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";
import { Authority } from "../../support/clouds/certificates";
import { startGateway, type Access, type Gateway } from "../../support/clouds/gateway/gateway";

const HOST = "europe-west1-docker.pkg.dev";
const LOGIN = `Basic ${Buffer.from("oauth2accesstoken:a:token").toString("base64")}`;

interface Answer {
  status: number | undefined;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

describe("the simulated clouds' registry gateway", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-gateway-"));
  const ca = Authority.load(folder);
  const asked: Access[] = [];
  const log: string[] = [];
  let upstream: http.Server;
  let gateway: Gateway;

  before(async () => {
    upstream = http.createServer((request, response) => void registry(request, response));
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    gateway = await startGateway({
      address: "127.0.0.1",
      port: 0,
      ca,
      upstream: `http://127.0.0.1:${(upstream.address() as net.AddressInfo).port}`,
      log: (line) => log.push(line),
      hosts: [
        {
          pattern: /^[a-z0-9-]+-docker\.pkg\.dev$/,
          path: (repository) => `google/${repository}`,
          authorize: (login, what) => {
            asked.push(what);
            if (login === undefined || login.password !== "a:token")
              return Promise.resolve({
                ok: false,
                status: 401,
                code: "UNAUTHORIZED",
                message: "Unauthenticated request.",
              });
            if (what.repository.startsWith("other/"))
              return Promise.resolve({
                ok: false,
                status: 403,
                code: "DENIED",
                message: `Permission denied on ${what.repository}`,
              });
            return Promise.resolve({ ok: true });
          },
        },
      ],
    });
  });

  after(async () => {
    await gateway.close();
    upstream.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("demands a login, with a certificate that the authority signed", async () => {
    const { status, headers, body } = await ask("GET", "/v2/", { authorization: undefined });
    assert.equal(status, 401);
    assert.equal(headers["www-authenticate"], `Basic realm="https://${HOST}"`);
    assert.deepEqual(JSON.parse(body.toString()), {
      errors: [{ code: "UNAUTHORIZED", message: "Unauthenticated request.", detail: {} }],
    });
  });

  it("passes on what is allowed, without the login, under the inner name", async () => {
    const { status, body } = await ask("GET", "/v2/p/r/iris/manifests/1");
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body.toString()), {
      method: "GET",
      url: "/v2/google/p/r/iris/manifests/1",
      host: HOST,
    });
    assert.deepEqual(asked.at(-1), { host: HOST, repository: "p/r/iris", action: "pull" });
  });

  it("asks for a push, and for a pull of what a blob is mounted from", async () => {
    asked.length = 0;
    const refused = await ask("POST", "/v2/p/r/iris/blobs/uploads/?mount=sha256:1&from=other/r");
    assert.equal(refused.status, 403);
    assert.deepEqual(asked, [
      { host: HOST, repository: "p/r/iris", action: "push" },
      { host: HOST, repository: "other/r", action: "pull" },
    ]);
    const allowed = await ask("POST", "/v2/p/r/iris/blobs/uploads/?mount=sha256:1&from=p/r");
    assert.match(allowed.body.toString(), /from=google%2Fp%2Fr/);
  });

  it("tells the outside host and name in Location and Link", async () => {
    const upload = await ask("POST", "/v2/p/r/iris/blobs/uploads/");
    assert.equal(
      upload.headers.location,
      `https://${HOST}/v2/p/r/iris/blobs/uploads/1?_state=a%2Bb%3D`,
    );
    const tags = await ask("GET", "/v2/p/r/iris/tags/list");
    assert.equal(tags.headers.link, `<https://${HOST}/v2/p/r/iris/tags/list?last=1>; rel="next"`);
  });

  it("streams large bodies in both directions, and ranges", async () => {
    const blob = randomBytes(24 * 1024 * 1024);
    const digest = createHash("sha256").update(blob).digest("hex");
    const sent = await ask("PATCH", "/v2/p/r/iris/blobs/uploads/1", { send: blob });
    assert.equal(sent.body.toString(), digest);
    stored = blob;
    const got = await ask("GET", "/v2/p/r/iris/blobs/sha256:1");
    assert.equal(createHash("sha256").update(got.body).digest("hex"), digest);
    const part = await ask("GET", "/v2/p/r/iris/blobs/sha256:1", { range: "bytes=1000-1009" });
    assert.equal(part.status, 206);
    assert.deepEqual(part.body, blob.subarray(1000, 1010));
  });

  it("refuses unknown hosts, requests without a tunnel, and paths of no registry", async () => {
    const tunnel = await connect("registry-1.docker.io:443");
    assert.equal(tunnel.status, 403);
    assert.ok(log.includes("CONNECT registry-1.docker.io: unknown, refused"), log.join("\n"));
    assert.equal((await fetch(gateway.url)).status, 403);
    assert.equal((await ask("GET", "/v2/_catalog")).status, 404);
  });

  let stored = Buffer.alloc(0);

  /** What the registry's own API would answer, as far as a gateway could spoil it. */
  async function registry(
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const { method, url = "", headers } = request;
    assert.equal(headers.authorization, undefined);
    if (url.endsWith("/blobs/uploads/")) {
      const location = `http://${headers.host}${url}1?_state=a%2Bb%3D`;
      response.writeHead(202, { location }).end();
    } else if (url.endsWith("/tags/list")) {
      response.writeHead(200, { link: `<${url}?last=1>; rel="next"` }).end("{}");
    } else if (method === "PATCH") {
      const hash = createHash("sha256");
      for await (const chunk of request) hash.update(chunk as Buffer);
      response.end(hash.digest("hex"));
    } else if (url.includes("/blobs/sha256:")) {
      const range = /bytes=(\d+)-(\d+)/.exec(headers.range ?? "");
      if (range === null) response.end(stored);
      else response.writeHead(206).end(stored.subarray(Number(range[1]), Number(range[2]) + 1));
    } else {
      response.end(JSON.stringify({ method, url, host: headers.host }));
    }
  }

  async function connect(to: string): Promise<{ status: number | undefined; socket: Duplex }> {
    const { hostname, port } = new URL(gateway.url);
    return new Promise((resolve, reject) => {
      http
        .request({ host: hostname, port, method: "CONNECT", path: to })
        .once("connect", (response, socket) => resolve({ status: response.statusCode, socket }))
        .once("error", reject)
        .end();
    });
  }

  interface Asked {
    authorization?: string | undefined;
    range?: string;
    send?: Buffer;
  }

  async function ask(method: string, url: string, asked: Asked = {}): Promise<Answer> {
    const { authorization, range, send } = { authorization: LOGIN, ...asked };
    const { status, socket } = await connect(`${HOST}:443`);
    assert.equal(status, 200);
    return new Promise((resolve, reject) => {
      const secure = tls.connect({ socket, servername: HOST, ca: ca.certificate });
      secure.once("error", reject);
      const request = http.request({
        createConnection: () => secure,
        method,
        path: url,
        headers: {
          host: HOST,
          ...(authorization === undefined ? {} : { authorization }),
          ...(range === undefined ? {} : { range }),
        },
      });
      request.once("error", reject);
      request.once("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("end", () => {
          socket.destroy();
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body: Buffer.concat(chunks),
          });
        });
      });
      request.end(send);
    });
  }
});
