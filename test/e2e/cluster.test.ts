import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { apiRequest, readContext } from "../../infra/kubeconfig";
import { type ClusterInfo, clusterStatus, startCluster, stopCluster } from "../../local/cluster";
import { readSupervisor } from "../../local/cluster/info";
import { build } from "../../local/build";
import { type Progress, silentProgress } from "../../local/progress";
import { isAlive } from "../../local/toolchain/process-identity";
import { childrenOf } from "../../local/cluster/supervisor/sandbox";
import { freePort, isolatedEnvironment, restoreVariables } from "../support/environment";
import { machineTraces } from "../support/traces";
import { added, eventually } from "./support/eventually";

const RECOVERY_MS = 240_000;

describe("the embedded cluster's supervisor", () => {
  const progress: Progress = silentProgress();
  const outer = { ...process.env };
  let untouched: string[];
  let cluster: ClusterInfo;

  before(async () => {
    build(["supervisor"]);
    Object.assign(process.env, await isolatedEnvironment());
    untouched = traces();
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
      let restarts = 0;
      // What the one before it took with it is back.
      await eventually(async () => {
        await allHealthy();
        ({ restarts } = await statusOf(name));
      }, RECOVERY_MS);
      const pid = processOf(cluster.supervisor.pid, name);
      process.kill(pid, "SIGKILL");
      await eventually(async () => {
        const now = await statusOf(name);
        assert.ok(now.restarts > restarts && now.state === "healthy", JSON.stringify(now));
      }, RECOVERY_MS);
      assert.ok(!isListed(pid));
    });
  }

  it("takes everything with it when it is killed, and starts again on what was there, at another port", async () => {
    process.kill(cluster.supervisor.pid, "SIGKILL");
    await eventually(() => assert.ok(!isAlive(cluster.supervisor)), RECOVERY_MS);
    // Groups are names, not processes: they are reused or removed by the next start or stop.
    const left = () => leftHere().filter((trace) => !/^(control group|run directory)/.test(trace));
    await eventually(() => assert.deepEqual(left(), []), RECOVERY_MS);

    const context = () => readContext(fs.readFileSync(cluster.kubeconfig, "utf8"));
    const authority = async () => (await context()).cluster["certificate-authority-data"];
    const before = await authority();
    const api = await freePort();
    process.env["MODELPORT_API_PORT"] = String(api);

    const again = await startCluster({ progress });
    const { supervisor } = again;
    assert.notDeepEqual(supervisor, cluster.supervisor);
    assert.deepEqual(again, { ...cluster, supervisor, ports: { ...cluster.ports, api } });
    cluster = again;
    assert.equal((await context()).server, `https://127.0.0.1:${api}`);
    assert.equal(await authority(), before);
    const { status, text } = await apiRequest(await context(), "/readyz");
    assert.equal(status, 200, text);
  });

  it("leaves nothing when it is stopped", async () => {
    await stopCluster({ progress, remove: true });
    await eventually(() => assert.deepEqual(leftHere(), []));
    assert.equal(fs.existsSync(path.dirname(path.dirname(cluster.kubeconfig))), false);
    assert.equal(readSupervisor(path.dirname(path.dirname(cluster.kubeconfig))), undefined);
  });

  const traces = (): string[] => machineTraces(process.env["XDG_STATE_HOME"] ?? "");
  const leftHere = (): string[] => added(untouched, traces());

  async function allHealthy(): Promise<void> {
    for (const { name, state } of await components()) assert.equal(state, "healthy", name);
  }

  async function statusOf(name: string): Promise<{ state: string; restarts: number }> {
    const component = (await components()).find((one) => one.name === name);
    assert.ok(component, `no status of ${name}`);
    return component;
  }

  async function components() {
    const status = await clusterStatus();
    assert.ok(status, "the supervisor does not answer");
    return status.components;
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
