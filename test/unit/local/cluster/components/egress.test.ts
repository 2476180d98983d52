import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Context } from "../../../../../local/cluster/components/component";
import {
  configureEgress,
  egress,
  withoutProxies,
} from "../../../../../local/cluster/components/egress";
import { clusterSettings } from "../../../../../local/cluster/settings";

describe("the embedded cluster's way out", () => {
  let directory: string;
  const before = process.env["SSL_CERT_FILE"];

  beforeEach(() => (directory = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-egress-"))));
  afterEach(() => {
    fs.rmSync(directory, { recursive: true, force: true });
    if (before === undefined) delete process.env["SSL_CERT_FILE"];
    else process.env["SSL_CERT_FILE"] = before;
  });

  const context = (proxy: string | undefined, certificates: string | undefined): Context => ({
    settings: { ...clusterSettings(), directory, egress: { proxy, certificates } },
    inside: "/run/cluster",
    logs: "",
    tools: {} as Context["tools"],
    ...(proxy === undefined ? {} : { proxy }),
    get: () => Promise.reject(new Error("not asked")),
  });

  it("is none by default", () => {
    configureEgress(context(undefined, undefined).settings);
    assert.deepEqual(egress(context(undefined, undefined)), {});
    assert.deepEqual(fs.readdirSync(directory), []);
  });

  it("is a proxy that neither this machine nor the node is behind", () => {
    const { NO_PROXY, ...variables } = egress(context("http://10.0.0.1:3128", undefined));
    assert.deepEqual(variables, {
      HTTPS_PROXY: "http://10.0.0.1:3128",
      HTTP_PROXY: "http://10.0.0.1:3128",
    });
    const { hostAddress, nodeAddress } = clusterSettings().link;
    assert.deepEqual(NO_PROXY?.split(","), ["localhost", "127.0.0.0/8", hostAddress, nodeAddress]);
  });

  it("is not what the user's shell goes through", () => {
    const names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];
    const shell = Object.fromEntries(
      [...names, ...names.map((name) => name.toUpperCase()), "Https_Proxy"].map((name) => [
        name,
        "http://127.0.0.1:3128",
      ]),
    );
    const rest = { PATH: "/bin", MODELPORT_CLUSTER_PROXY: "http://127.0.0.1:3128" };
    assert.deepEqual(withoutProxies({ ...shell, ...rest }), rest);
  });

  it("trusts the certificates given besides the machine's own", () => {
    const given = path.join(directory, "ca.pem");
    const own = path.join(directory, "own.pem");
    fs.writeFileSync(given, "GIVEN");
    fs.writeFileSync(own, "OWN\n");
    process.env["SSL_CERT_FILE"] = own;
    const trusting = context(undefined, given);
    configureEgress(trusting.settings);
    const { SSL_CERT_FILE = "" } = egress(trusting);
    const file = SSL_CERT_FILE.replace(trusting.inside, directory);
    assert.equal(fs.readFileSync(file, "utf8"), "GIVEN\nOWN\n");
  });
});
