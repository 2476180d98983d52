import * as assert from "node:assert/strict";
import * as path from "node:path";
import { UserError } from "../../../../local/errors";
import { clusterSettings } from "../../../../local/cluster/settings";

describe("embedded cluster settings", () => {
  const variables = [
    "MODELPORT_API_PORT",
    "MODELPORT_REGISTRY_PORT",
    "MODELPORT_LINK",
    "MODELPORT_CLUSTER_PROXY",
    "MODELPORT_CLUSTER_CA",
    "MODELPORT_LOAD_BALANCER",
    "XDG_STATE_HOME",
  ];
  const before = variables.map((name) => [name, process.env[name]] as const);

  beforeEach(() => variables.forEach((name) => Reflect.deleteProperty(process.env, name)));
  after(() => {
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  });

  it("has defaults", () => {
    const { ports, link, runDirectory } = clusterSettings();
    assert.deepEqual(ports, { api: 16443, registry: 15000 });
    assert.equal(link.hostAddress, "10.213.77.1");
    assert.equal(link.nodeAddress, "10.213.77.2");
    assert.match(runDirectory, /^\/run\/modelport\/[0-9a-f]{8}$/);
  });

  it("keeps two state directories apart", () => {
    process.env["XDG_STATE_HOME"] = "/one";
    const one = clusterSettings();
    process.env["XDG_STATE_HOME"] = "/two";
    const two = clusterSettings();
    assert.notEqual(one.link.device, two.link.device);
    assert.notEqual(one.cgroup, two.cgroup);
    assert.notEqual(one.runDirectory, two.runDirectory);
  });

  it("gives the link's device a name that the kernel takes", () => {
    assert.ok(clusterSettings().link.device.length <= 15);
  });

  it("takes a proxy, certificates, and load balancers' addresses of its own", () => {
    process.env["MODELPORT_CLUSTER_PROXY"] = "http://me:word@proxy.example.com:3128";
    process.env["MODELPORT_CLUSTER_CA"] = "ca.pem";
    const { egress, loadBalancer, id } = clusterSettings();
    assert.deepEqual(egress, {
      proxy: "http://me:word@proxy.example.com:3128",
      certificates: path.resolve("ca.pem"),
    });
    assert.equal(loadBalancer, `127.213.${parseInt(id.slice(0, 2), 16)}`);
    process.env["MODELPORT_LOAD_BALANCER"] = "off";
    assert.equal(clusterSettings().loadBalancer, undefined);
  });

  it("does not print a proxy's password", () => {
    process.env["MODELPORT_CLUSTER_PROXY"] = "https://me:password@proxy.example.com";
    assert.throws(() => clusterSettings(), /^UserError: (?!.*password).*proxy\.example\.com/s);
  });

  for (const [variable, value] of [
    ["MODELPORT_API_PORT", "http"],
    ["MODELPORT_API_PORT", "0"],
    ["MODELPORT_REGISTRY_PORT", "65536"],
    ["MODELPORT_LINK", "10.0.0.0/24"],
    ["MODELPORT_LINK", "10.0.0.1/30"],
    ["MODELPORT_LINK", "10.0.0.256/30"],
    ["MODELPORT_CLUSTER_PROXY", "proxy.example.com:3128"],
    ["MODELPORT_CLUSTER_PROXY", "https://proxy.example.com"],
    ["MODELPORT_LOAD_BALANCER", "no"],
  ] as const) {
    it(`refuses ${variable}=${value}`, () => {
      process.env[variable] = value;
      assert.throws(
        () => clusterSettings(),
        (error: unknown) =>
          error instanceof UserError &&
          error.message.includes(`${variable}=${value}`) &&
          error.fix !== undefined &&
          error.exitCode === 2,
      );
    });
  }
});
