import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { embedded as config } from "../../../../infra/config/targets/embedded";
import { embedded } from "../../../../infra/targets/embedded";
import { writeRunningCluster } from "../support/running-cluster";

describe("target embedded", () => {
  const saved = process.env["XDG_STATE_HOME"];
  let home: string;

  before(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "embedded-target-"));
    process.env["XDG_STATE_HOME"] = home;
  });

  after(() => {
    if (saved === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = saved;
    fs.rmSync(home, { recursive: true, force: true });
  });

  it("is refused where no cluster runs", () => {
    assert.throws(() => embedded(config.parse({})), /cluster "local" is not running/);
  });

  it("has LoadBalancers where the cluster gives them addresses, and says how it would", () => {
    writeRunningCluster(home, "{}", { loadBalancer: "127.213.0.0/24" });
    const withThem = embedded(config.parse({})).capabilities;
    assert.deepEqual(withThem.exposures, ["NodePort", "LoadBalancer", "ClusterIP"]);
    assert.equal(withThem.refusals, undefined);
    writeRunningCluster(home, "{}");
    const without = embedded(config.parse({})).capabilities;
    assert.deepEqual(without.exposures, ["NodePort", "ClusterIP"]);
    assert.match(without.refusals?.LoadBalancer?.why ?? "", /MODELPORT_LOAD_BALANCER=off/);
    assert.match(without.refusals?.LoadBalancer?.fix ?? "", /cluster stop && .*cluster start$/);
  });
});
