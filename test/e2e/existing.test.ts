import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";
import { type ClusterInfo } from "../../local/cluster";
import { copyCheckout } from "../support/checkout";
import { type Result, command } from "../support/command";
import { isolatedEnvironment } from "../support/environment";

/** The target for a cluster and a registry of the user's; here the embedded ones play that part. */
describe("a cluster that exists already", () => {
  let checkout: string;
  let env: Record<string, string>;

  const modelport = (...args: string[]): Promise<Result> =>
    command([process.execPath, "cli/modelport.js", ...args], { cwd: checkout, env });

  before(async () => {
    checkout = copyCheckout();
    env = await isolatedEnvironment();
    const started = await modelport("cluster", "start");
    assert.equal(started.code, 0, started.stderr);
    const file = path.join(env["XDG_STATE_HOME"] ?? "", "modelport/clusters/local/cluster.json");
    const cluster = JSON.parse(fs.readFileSync(file, "utf8")) as ClusterInfo;
    const stack = {
      config: {
        "modelport:target": "existing",
        "modelport:existing": {
          kubeconfig: cluster.kubeconfig,
          registry: { server: cluster.registry.server, repository: "team" },
          platform: cluster.platform,
          dockerHost: cluster.dockerHost,
          baseImage: cluster.baseImage,
          nodeHost: cluster.host,
        },
      },
    };
    fs.writeFileSync(path.join(checkout, "Pulumi.company.yaml"), stringify(stack));
  });

  after(async () => {
    await modelport("cluster", "stop", "--remove");
    for (const directory of [checkout, env["XDG_STATE_HOME"] ?? ""]) {
      fs.rmSync(directory, { recursive: true, force: true });
    }
  });

  it("gets the service, pushed to the registry that is named", async () => {
    const result = await modelport("up", "--stack", "company", "--json");
    assert.equal(result.code, 0, result.stderr);
    const { url, image } = JSON.parse(result.stdout) as { url: string; image: string };
    assert.match(image, /\/team\/company\/iris@sha256:[0-9a-f]{64}$/);
    const answer = await fetch(`${url}/predict`, { method: "POST", body: "[5.1,3.5,1.4,0.2]" });
    assert.match(await answer.text(), /setosa/);
  });

  it("is left running by `down`, without the stack's namespace", async () => {
    const result = await modelport("down", "--stack", "company");
    assert.equal(result.code, 0, result.stderr);
    const status = await modelport("cluster", "status");
    assert.equal(status.code, 0, status.stderr);
    assert.match(result.stderr, /Namespace modelport-company deleted/);
  });
});
