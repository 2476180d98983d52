import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type ClusterSettings, clusterSettings } from "../../../../../local/cluster/settings";
import { ensurePki } from "../../../../../local/cluster/supervisor/pki";
import { removeTemporaryFolders, temporaryFolder } from "../../toolchain/support/temporary";

/** Stands for kubeadm: makes the pairs that are not there, and a file of each other kind. Counts its calls. */
const KUBEADM = `#!${process.execPath}
const fs = require("node:fs"), path = require("node:path"), crypto = require("node:crypto");
const [, ...args] = process.argv.slice(2);
const option = (name) => args.find((one) => one.startsWith(name + "=")).slice(name.length + 1);
const configuration = fs.readFileSync(option("--config"), "utf8");
const value = (key) => new RegExp(key + ": (.*)").exec(configuration)[1];
fs.appendFileSync(__filename + ".calls", args.join(" ") + "\\n");
if (args[2] === "certs") {
  const pki = value("certificatesDir");
  fs.mkdirSync(path.join(pki, "etcd"), { recursive: true });
  const pairs = [["ca.crt", "ca.key"], ["front-proxy-ca.crt", "front-proxy-ca.key"], ["etcd/ca.crt", "etcd/ca.key"], ["sa.pub", "sa.key"]];
  for (const [open, key] of pairs) {
    const there = [open, key].filter((one) => fs.existsSync(path.join(pki, one)));
    if (there.length === 2) continue;
    if (there.length === 1) throw new Error("half a pair: " + there);
    const pair = crypto.generateKeyPairSync("ed25519");
    fs.writeFileSync(path.join(pki, open), pair.publicKey.export({ type: "spki", format: "pem" }));
    fs.writeFileSync(path.join(pki, key), pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  }
  for (const leaf of ["apiserver.crt", "apiserver.key", "etcd/server.crt"]) {
    if (fs.existsSync(path.join(pki, leaf))) throw new Error(leaf + " would be kept");
    fs.writeFileSync(path.join(pki, leaf), crypto.randomUUID());
  }
} else if (args[2] === "kubeconfig") {
  const text = "server: https://" + value("controlPlaneEndpoint") + "\\nuser: kubernetes-super-admin\\nmade: " + crypto.randomUUID() + "\\n";
  fs.writeFileSync(path.join(option("--kubeconfig-dir"), "super-admin.conf"), text);
} else console.log("user");
`;

describe("the embedded cluster's certificates", () => {
  let directory: string;
  let kubeadm: string;
  let settings: ClusterSettings;
  beforeEach(() => {
    directory = temporaryFolder();
    kubeadm = path.join(directory, "kubeadm.js");
    fs.writeFileSync(kubeadm, KUBEADM, { mode: 0o755 });
    settings = { ...clusterSettings(), directory };
  });
  afterEach(removeTemporaryFolders);

  const read = (name: string) => fs.readFileSync(path.join(directory, name), "utf8");
  const AUTHORITIES = ["ca", "front-proxy-ca", "etcd/ca"].flatMap((one) => [
    `pki/${one}.crt`,
    `pki/${one}.key`,
  ]);
  const lasting = () => [...AUTHORITIES, "pki/sa.pub", "pki/sa.key"].map(read);
  const leaves = () => ["pki/apiserver.crt", "pki/apiserver.key", "pki/etcd/server.crt"].map(read);

  function assertRenewed(change: () => void): void {
    ensurePki(settings, kubeadm);
    const before = { lasting: lasting(), leaves: leaves(), kubeconfig: superAdmin() };
    change();
    ensurePki(settings, kubeadm);
    assert.deepEqual(lasting(), before.lasting);
    for (const [index, leaf] of leaves().entries()) assert.notEqual(leaf, before.leaves[index]);
    assert.notEqual(superAdmin(), before.kubeconfig);
  }
  const superAdmin = () => read("kubeconfigs/super-admin.conf");

  it("are kept by a second start", () => {
    ensurePki(settings, kubeadm);
    const [calls, made] = [read("kubeadm.js.calls"), leaves()];
    ensurePki(settings, kubeadm);
    assert.equal(read("kubeadm.js.calls"), calls);
    assert.deepEqual(leaves(), made);
  });

  it("are made anew for another address, by the same authorities", () => {
    assertRenewed(() => {
      const link = { ...settings.link, nodeAddress: "10.99.99.2" };
      settings = { ...settings, link };
    });
    assert.match(read("kubeconfigs/admin.conf"), /https:\/\/127\.0\.0\.1:/);
  });

  it("are made anew before they end, by the same authorities", () => {
    assertRenewed(() => {
      const old = Date.now() / 1000 - 301 * 24 * 3600;
      fs.utimesSync(path.join(directory, "kubeconfigs/super-admin.conf"), old, old);
    });
  });

  it("are made anew as a whole after an interruption that left half a pair", () => {
    ensurePki(settings, kubeadm);
    fs.rmSync(path.join(directory, "kubeconfigs"), { recursive: true });
    fs.rmSync(path.join(directory, "pki/ca.crt"));
    fs.writeFileSync(path.join(directory, "pki/sa.pub"), "");
    ensurePki(settings, kubeadm);
    assert.notEqual(read("pki/sa.pub"), "");
    assert.ok(read("pki/ca.crt"));
  });

  it("follow the port outside, without kubeadm", () => {
    ensurePki(settings, kubeadm);
    const calls = read("kubeadm.js.calls");
    settings = { ...settings, ports: { ...settings.ports, api: 12_345 } };
    ensurePki(settings, kubeadm);
    assert.equal(read("kubeadm.js.calls"), calls);
    const administrator = read("kubeconfigs/admin.conf");
    assert.match(administrator, /^server: https:\/\/127\.0\.0\.1:12345\nuser: modelport-admin$/m);
  });
});
