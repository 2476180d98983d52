import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { tunnelProfile, tunnelRuns } from "../../../infra/targets/minikube-tunnel";
import { restoreVariables } from "../../support/environment";

/** Of this process alone: tunnels are looked for among the whole machine's processes. */
const PROFILE = `modelport-tunnel-${process.pid}`;

describe("minikube tunnel", () => {
  const saved = { ...process.env };
  let home: string;

  beforeEach(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "minikube-tunnel-"));
    process.env["MINIKUBE_HOME"] = home;
  });
  afterEach(() => {
    restoreVariables(saved);
    fs.rmSync(home, { recursive: true, force: true });
  });

  const register = (tunnels: unknown) => {
    fs.mkdirSync(path.join(home, ".minikube"), { recursive: true });
    const text = typeof tunnels === "string" ? tunnels : JSON.stringify(tunnels);
    fs.writeFileSync(path.join(home, ".minikube", "tunnels.json"), text);
  };

  it("runs where it is registered and its process lives", () => {
    register([{ Route: {}, MachineName: PROFILE, Pid: process.pid }]);
    assert.equal(tunnelRuns(PROFILE), true);
    assert.equal(tunnelRuns("another-profile"), false);
  });

  it("doesn't run when its process is gone, or nothing can be read", () => {
    register([{ Route: {}, MachineName: PROFILE, Pid: 2 ** 22 + 1 }]);
    assert.equal(tunnelRuns(PROFILE), false);
    for (const text of ["", "null", "[]", "not JSON"]) {
      register(text);
      assert.equal(tunnelRuns(PROFILE), false, text);
    }
  });

  it("runs where it shows among the processes only", async () => {
    const file = path.join(home, "minikube");
    fs.writeFileSync(file, "setTimeout(() => undefined, 60_000);");
    const child = spawn(process.execPath, [file, "tunnel", "--profile", PROFILE]);
    try {
      await new Promise((resolve) => child.once("spawn", resolve));
      assert.equal(tunnelRuns(PROFILE), true);
    } finally {
      child.kill();
    }
  });

  const lines: [string, string | undefined][] = [
    ["minikube tunnel", "minikube"],
    ["/usr/local/bin/minikube tunnel -p dev", "dev"],
    ["sudo -E minikube --profile=dev tunnel --cleanup", "dev"],
    ["minikube tunnel --profile dev --bind-address 0.0.0.0", "dev"],
    ["minikube start -p dev", undefined],
    ["grep minikube tunnel.txt", undefined],
    ["vim notes about a minikube tunnel", undefined],
    ["", undefined],
  ];
  for (const [line, profile] of lines)
    it(`is told from a command line: ${line}`, () => assert.equal(tunnelProfile(line), profile));
});
