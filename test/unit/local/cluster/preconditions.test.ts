import * as assert from "node:assert/strict";
import * as net from "node:net";
import * as os from "node:os";
import { checkMachine } from "../../../../local/cluster/preconditions";
import { type ClusterSettings, clusterSettings } from "../../../../local/cluster/settings";
import { UserError } from "../../../../local/errors";

function refusedWith(settings: ClusterSettings, expected: RegExp): Promise<void> {
  return assert.rejects(checkMachine(settings), (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(`${error.message} ${error.why} ${error.fix}`, expected);
    assert.equal(error.exitCode, 3);
    return true;
  });
}

/** With ports that the system says are free. */
async function freeSettings(): Promise<ClusterSettings> {
  const ports = await Promise.all([freePort(), freePort()]);
  return { ...clusterSettings(), ports: { api: ports[0], registry: ports[1] } };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

describe("what the embedded cluster needs of a machine", () => {
  before(function () {
    if (process.platform !== "linux" || process.geteuid?.() !== 0) this.skip();
  });

  it("accepts a machine with free ports and a free network", async () => {
    await checkMachine(await freeSettings());
  });

  it("refuses certificates that are none", async () => {
    const settings = await freeSettings();
    for (const [certificates, why] of [
      ["/nowhere/ca.pem", /no such file/],
      [__filename, /holds no certificate/],
    ] as const)
      await refusedWith({ ...settings, egress: { ...settings.egress, certificates } }, why);
  });

  for (const [key, variable] of [
    ["api", "MODELPORT_API_PORT"],
    ["registry", "MODELPORT_REGISTRY_PORT"],
  ] as const) {
    it(`refuses a taken port for ${key}, naming the variable that changes it`, async () => {
      const listener = net.createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => listener.once("listening", resolve));
      const { port } = listener.address() as net.AddressInfo;
      const settings = await freeSettings();
      settings.ports[key] = port;
      await refusedWith(settings, new RegExp(`port ${port} .*another program.*${variable}=`));
      listener.close();
    });
  }

  it("refuses a network that the machine is in", async () => {
    const loopback = os.networkInterfaces()["lo"]?.find(({ family }) => family === "IPv4");
    assert.ok(loopback, "this machine has no loopback address");
    const settings = await freeSettings();
    settings.link.nodeAddress = "127.213.77.2";
    await refusedWith(settings, /127\.213\.77\.2 .*lo has 127\.0\.0\.1.*MODELPORT_LINK=/);
  });
});
