import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClusterInfo, clusterStatus, startCluster, stopCluster } from "../../local/cluster";
import { readSupervisor } from "../../local/cluster/info";
import { build } from "../../local/build";
import { type Progress, silentProgress } from "../../local/progress";
import { isAlive } from "../../local/toolchain/process-identity";
import { childrenOf } from "../../local/cluster/supervisor/sandbox";
import { isolatedEnvironment, restoreVariables } from "../support/environment";
import { machineTraces } from "../support/traces";

const RECOVERY_MS = 240_000;

describe("the embedded cluster's supervisor", () => {
  const progress: Progress = silentProgress();
  const outer = { ...process.env };
  let untouched: string[];
  let cluster: ClusterInfo;

  before(async () => {
    build(["supervisor"]);
    Object.assign(process.env, await isolatedEnvironment());
    untouched = machineTraces();
    cluster = await startCluster({ progress });
  });

  after(async () => {
    await stopCluster({ progress, remove: true });
    fs.rmSync(process.env["XDG_STATE_HOME"] ?? "", { recursive: true, force: true });
    restoreVariables(outer);
  });

  it("is found running by a second start", async () => {
    assert.deepEqual(await startCluster({ progress }), cluster);
  });

  for (const name of ["etcd", "kube-apiserver", "containerd", "kubelet", "coredns", "registry"]) {
    it(`restarts ${name} when it dies`, async () => {
      const before = await statusOf(name);
      const pid = processOf(cluster.supervisor.pid, name);
      process.kill(pid, "SIGKILL");
      await eventually(async () => {
        const now = await statusOf(name);
        return now.restarts > before.restarts && now.state === "healthy";
      });
      assert.ok(!isListed(pid));
    });
  }

  it("takes everything with it when it is killed, and starts again on what was there", async () => {
    process.kill(cluster.supervisor.pid, "SIGKILL");
    await eventually(() => Promise.resolve(!isAlive(cluster.supervisor)));
    // Groups are names, not processes: they are reused or removed by the next start or stop.
    const left = (): string[] =>
      machineTraces().filter(
        (trace) => !untouched.includes(trace) && !/^(control group|run directory)/.test(trace),
      );
    await eventually(() => Promise.resolve(left().length === 0));

    const again = await startCluster({ progress });
    assert.notDeepEqual(again.supervisor, cluster.supervisor);
    const { supervisor, ...facts } = again;
    assert.deepEqual({ ...cluster, supervisor }, { ...facts, supervisor });
    cluster = again;
  });

  it("leaves nothing when it is stopped", async () => {
    await stopCluster({ progress, remove: true });
    const left = machineTraces().filter((trace) => !untouched.includes(trace));
    assert.deepEqual(left, []);
    assert.equal(fs.existsSync(path.dirname(path.dirname(cluster.kubeconfig))), false);
    assert.equal(readSupervisor(path.dirname(path.dirname(cluster.kubeconfig))), undefined);
  });

  async function statusOf(name: string): Promise<{ state: string; restarts: number }> {
    const status = await clusterStatus();
    const component = status?.components.find((one) => one.name === name);
    assert.ok(component, `no status of ${name}`);
    return component;
  }
});

/** The component itself, below the nsenter that the supervisor started. */
function processOf(supervisor: number, name: string): number {
  const program = name === "registry" ? "docker-registry" : name;
  const inside = childrenOf(supervisor)
    .filter((pid) => commandLine(pid).includes("nsenter"))
    .flatMap(childrenOf)
    .find((pid) =>
      commandLine(pid)
        .split(" ")
        .slice(0, 2)
        .some((word) => path.basename(word) === program),
    );
  assert.ok(inside, `${name} does not run`);
  return inside;
}

function commandLine(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

function isListed(pid: number): boolean {
  return commandLine(pid) !== "";
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + RECOVERY_MS;
  while (Date.now() < end) {
    if (await holds()) return;
    await sleep(200);
  }
  assert.fail(`not within ${RECOVERY_MS} ms`);
}
