import * as assert from "node:assert/strict";
import * as net from "node:net";
import { relayProxy } from "../../../../../local/cluster/supervisor/proxy-relay";

const LINK = { device: "l", hostAddress: "127.0.0.1", nodeAddress: "127.0.0.2" };

describe("a proxy that the sandbox is to reach", () => {
  const proxy = net.createServer((socket) => socket.end("proxy"));
  after(() => proxy.close());

  const listen = (host: string) =>
    new Promise<number>((resolve, reject) => {
      proxy.once("error", reject);
      proxy.listen(0, host, () => resolve((proxy.address() as net.AddressInfo).port));
    });

  async function ask(url: string): Promise<string> {
    const { hostname: host, port } = new URL(url);
    let said = "";
    for await (const chunk of net.connect({ host, port: Number(port) })) said += String(chunk);
    return said;
  }

  it("answers at the end of the link, wherever it is, until that is closed", async function () {
    const port = await listen("::1").catch(() => this.skip());
    const egress = { proxy: `http://[::1]:${port}`, certificates: undefined };
    const relay = await relayProxy({ egress, link: LINK });
    assert.ok(relay);
    assert.equal(await ask(relay.url), "proxy");
    relay.close();
    await assert.rejects(ask(relay.url), { code: "ECONNREFUSED" });
  });

  it("is left where it is if that is the link", async () => {
    const egress = { proxy: "http://127.0.0.1:3128", certificates: undefined };
    assert.equal((await relayProxy({ egress, link: LINK }))?.url, egress.proxy);
    const none = { ...egress, proxy: undefined };
    assert.equal(await relayProxy({ egress: none, link: LINK }), undefined);
  });
});
