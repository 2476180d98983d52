import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Balancers, type Endpoint } from "../../support/clouds/balancers";
import { Authority } from "../../support/clouds/certificates";
import { ownAddresses } from "./support/addresses";

describe("the simulated clouds' balancers", () => {
  const balancers = new Balancers({ addresses: ownAddresses("balancers"), log: () => undefined });
  const backends: http.Server[] = [];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-balancers-"));
  const authority = Authority.load(folder);

  /** Answers with its name, and with what the balancer told it. */
  async function backend(name: string): Promise<Endpoint> {
    const server = http.createServer((request, response) => {
      const { host, "x-forwarded-proto": scheme } = request.headers;
      response.end([name, host, scheme].join(" "));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    backends.push(server);
    return { host: "127.0.0.1", port: (server.address() as net.AddressInfo).port };
  }

  interface Got {
    status: number | undefined;
    body: string;
    location: string | undefined;
  }

  const get = (url: string, address: string): Promise<Got> =>
    new Promise((resolve, reject) => {
      const { protocol, hostname, pathname } = new URL(url);
      const options = {
        host: address,
        path: pathname,
        headers: { host: hostname },
        servername: hostname,
        ca: authority.certificate,
        agent: false,
      };
      (protocol === "https:" ? https : http)
        .get(options, (response) => {
          let body = "";
          response.on("data", (chunk: Buffer) => (body += chunk.toString()));
          response.once("end", () =>
            resolve({ status: response.statusCode, body, location: response.headers.location }),
          );
        })
        .once("error", reject);
    });

  after(async () => {
    await balancers.closeAll();
    for (const server of backends) server.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("gives addresses that nobody else has, and those given back last", async () => {
    const [one, two] = [balancers.allocate(), balancers.allocate()];
    assert.notEqual(one, two);
    await balancers.close(one);
    assert.ok(![one, two].includes(balancers.allocate()));
  });

  it("passes connections on, to the new target once it has changed, to none after close", async () => {
    const address = balancers.allocate();
    const [first, second] = [await backend("first"), await backend("second")];
    await balancers.tcp(address, 80, first);
    assert.match((await get("http://a.example/", address)).body, /^first a.example/);
    await balancers.tcp(address, 80, second);
    assert.match((await get("http://a.example/", address)).body, /^second a.example/);

    const open = net.connect(80, address);
    await new Promise((resolve) => open.once("connect", resolve));
    const ended = new Promise((resolve) =>
      open.once("close", resolve).on("error", () => undefined),
    );
    await balancers.close(address);
    await ended;
    await assert.rejects(get("http://a.example/", address), { code: "ECONNREFUSED" });
  });

  it("leads HTTP by host, says 404 for others, and takes new routes without closing", async () => {
    const address = balancers.allocate();
    const [a, b] = [await backend("a"), await backend("b")];
    await balancers.http(address, {
      routes: [
        { host: "a.example", target: a },
        { host: "b.example", target: b },
      ],
    });
    assert.equal((await get("http://a.example/x", address)).body, "a a.example http");
    assert.equal((await get("http://b.example/x", address)).body, "b b.example http");
    assert.equal((await get("http://c.example/x", address)).status, 404);
    await assert.rejects(get("https://a.example/", address), { code: "ECONNREFUSED" });
    await balancers.http(address, { routes: [{ target: b }] });
    assert.equal((await get("http://c.example/x", address)).body, "b c.example http");
  });

  it("ends TLS with the host's certificate, and redirects plain HTTP where told to", async () => {
    const address = balancers.allocate();
    const a = await backend("a");
    await balancers.http(address, {
      routes: [
        { host: "a.example", target: a, redirect: true },
        { host: "b.example", target: a, certificate: authority.issue(["b.example"]) },
      ],
      certificate: authority.issue(["a.example"]),
    });
    assert.equal((await get("https://a.example/", address)).body, "a a.example https");
    assert.equal((await get("https://b.example/", address)).body, "a b.example https");
    const { status, location } = await get("http://a.example/x", address);
    assert.deepEqual({ status, location }, { status: 308, location: "https://a.example/x" });
    assert.equal((await get("http://b.example/", address)).body, "a b.example http");
  });

  it("says 502 where nothing answers behind it", async () => {
    const address = balancers.allocate();
    const gone = await backend("gone");
    await new Promise((resolve) => backends.pop()!.close(resolve));
    await balancers.http(address, { routes: [{ target: gone }] });
    assert.equal((await get("http://a.example/", address)).status, 502);
  });
});
