import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { NoAnswer, OutOfReach, within } from "../../../cli/cluster-access";
import { Engine } from "../../../cli/engine";
import type { Inventory } from "../../../cli/inventory/found";
import { settle } from "../../../cli/recovery";
import type { Session } from "../../../cli/session";
import type { StateResource } from "../../../cli/state";
import { silentProgress } from "../../../local/progress";
import { Sandbox } from "./support/sandbox";

const NETWORK = { kind: "network", name: "modelport-prod", place: "global", remove: "remove it" };
const CLUSTER = { kind: "cluster", name: "modelport-prod", place: "here", remove: "remove it" };
const looks = (...found: Inventory["found"]) => ({
  look: () =>
    Promise.resolve<Inventory>({
      where: "a cloud",
      scope: "p",
      found,
      looked: ["clusters"],
      unseen: [],
    }),
});

const HELD = "modelport-prod projects/p/global/networks/modelport-prod";

const urn = (type: string, name: string) => `urn:pulumi:prod::modelport::${type}::${name}`;
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const GCP_NETWORK = "gcp:compute/network:Network";

const object = (name: string): StateResource => ({
  urn: urn(CONFIG_MAP, name),
  type: CONFIG_MAP,
  custom: true,
  provider: `${urn("pulumi:providers:kubernetes", "gke")}::a1`,
  inputs: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "models" } },
});

/** Knows ConfigMaps of any name, and one token. */
async function startCluster(token: string): Promise<http.Server> {
  const server = http.createServer(({ url, headers }, response) => {
    response.setHeader("content-type", "application/json");
    if (headers.authorization !== `Bearer ${token}`) {
      response.statusCode = 401;
      response.end(JSON.stringify({ kind: "Status", code: 401, message: "Unauthorized" }));
      return;
    }
    const name = /\/configmaps\/(\w+)$/.exec(url ?? "")?.[1];
    const resources = [{ name: "configmaps", kind: "ConfigMap", namespaced: true }];
    const made = { metadata: { name, namespace: "models", uid: "u1" } };
    response.end(
      JSON.stringify(
        name === undefined
          ? { kind: "APIResourceList", groupVersion: "v1", resources }
          : { apiVersion: "v1", kind: "ConfigMap", ...made },
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return server;
}

describe("an interrupted update of a cluster that can't be asked", () => {
  let sandbox: Sandbox;
  let cluster: http.Server;
  let port: number;
  beforeEach(async () => {
    sandbox = new Sandbox();
    cluster = await startCluster("new");
    ({ port } = cluster.address() as AddressInfo);
  });
  afterEach(async () => {
    await end(cluster);
    sandbox.remove();
  });

  const end = (server: http.Server) =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });

  function deployment(token: string, resources: StateResource[], pending: object[]): string {
    const kubeconfig = JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [
        {
          name: "c",
          cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
        },
      ],
      users: [{ name: "u", user: { token } }],
    });
    const provider = {
      urn: urn("pulumi:providers:kubernetes", "gke"),
      type: "pulumi:providers:kubernetes",
      id: "a1",
      custom: true,
      inputs: { kubeconfig },
      outputs: { kubeconfig },
    };
    const network = {
      urn: urn(GCP_NETWORK, "modelport-prod"),
      type: GCP_NETWORK,
      custom: true,
      id: "projects/p/global/networks/modelport-prod",
      outputs: { name: "modelport-prod" },
    };
    return JSON.stringify({
      deployment: { resources: [network, provider, ...resources], pending_operations: pending },
    });
  }

  /**
   * Before an engine of that state.
   *
   * @param renewed the state once a refresh has logged in anew. Default: none does
   * @param refusal of a refresh that isn't told that the cluster is gone. Default: it ends well
   */
  function session(state: string, { renewed = state, refusal = "" } = {}): Session {
    sandbox.write("old.json", state);
    sandbox.write("new.json", renewed);
    const event = { diagnosticEvent: { severity: "error", message: refusal } };
    sandbox.write("refusal", `${JSON.stringify(event)}\n`);
    const script = `
      cd ${sandbox.root}
      echo "$@" "gone=$PULUMI_K8S_DELETE_UNREACHABLE" >> calls
      if [ "$2" = export ]; then if [ -e anew ]; then cat new.json; else cat old.json; fi; fi
      if [ "$2" = import ]; then cat > imported.json; fi
      case "$*" in *--run-program*) touch anew;; esac
      if [ "$1" = refresh ] && [ -n "${refusal}" ] && [ -z "$PULUMI_K8S_DELETE_UNREACHABLE" ]; then cat refusal; exit 255; fi
      exit 0`;
    const pulumi = sandbox.executable("pulumi", script);
    return {
      stack: "prod",
      settings: { target: "gke", hasSalt: false, config: {} },
      progress: silentProgress(),
      variables: {},
      engine: new Engine({ pulumi, cwd: sandbox.root, stack: "prod", variables: {} }),
    };
  }

  const read = (file: string) => fs.readFileSync(path.join(sandbox.root, file), "utf8");
  const refreshes = () =>
    read("calls")
      .split("\n")
      .filter((call) => call.startsWith("refresh"));
  const imported = () =>
    (
      JSON.parse(read("imported.json")) as { deployment: { resources: StateResource[] } }
    ).deployment.resources.map(({ urn, id }) => `${urn.split("::").at(-1)} ${id ?? ""}`);

  const creating = { type: "creating", resource: object("made") };

  it("logs in anew where the state's login is over, and forgets nothing that is pending", async () => {
    const changed = { ...object("changed"), id: "models/changed", outputs: { a: 1 } };
    const pending = [creating, { type: "updating", resource: changed }];
    const renewed = deployment("new", [changed], [creating]);
    await settle(session(deployment("old", [changed], pending), { renewed }), looks(CLUSTER));
    assert.deepEqual(imported(), [HELD, "gke a1", "changed models/changed", "made models/made"]);
    const [login, reading] = refreshes();
    assert.match(login ?? "", /--target \S+::gke .*--run-program/);
    assert.doesNotMatch(login ?? "", /--clear-pending-creates/);
    assert.match(reading ?? "", /--target \S+::made --target \S+::changed/);
    assert.match(read("imported.json"), /\\"token\\":\\"new\\"/);
  });

  it("says so where a new login is refused too", async () => {
    const state = deployment("old", [], [creating]);
    await assert.rejects(settle(session(state), looks(CLUSTER)), /refuses the login/);
    assert.equal(refreshes().length, 1);
  });

  it("forgets what was being made in a cluster that the cloud says is gone", async () => {
    await end(cluster);
    await settle(session(deployment("new", [], [creating])), looks(NETWORK));
    assert.deepEqual(imported(), [HELD, "gke a1"]);
  });

  it("asks for no new login to a cluster that the cloud says is gone", async () => {
    await settle(session(deployment("old", [], [creating])), looks(NETWORK));
    assert.deepEqual(imported(), [HELD, "gke a1"]);
    assert.ok(!read("calls").includes("refresh"));
  });

  it("takes the user's word for a cluster that says nothing, and not for one that refuses a login", async () => {
    process.env["PULUMI_K8S_DELETE_UNREACHABLE"] = "true";
    const state = deployment("old", [], [creating]);
    await assert.rejects(settle(session(state), looks(NETWORK, CLUSTER)), /refuses the login/);
    await end(cluster);
    const never = { look: () => Promise.reject(new Error("asked")) };
    await settle(session(deployment("new", [], [creating])), never);
    assert.deepEqual(imported(), [HELD, "gke a1"]);
  });

  it("changes nothing where the cluster may only be out of reach", async () => {
    await end(cluster);
    const state = deployment("new", [], [creating]);
    await assert.rejects(settle(session(state), looks(NETWORK, CLUSTER)), OutOfReach);
    assert.ok(!fs.existsSync(path.join(sandbox.root, "imported.json")));
  });

  it("forgets what was being changed in a cluster that is gone", async () => {
    const changed = { ...object("changed"), id: "models/changed", outputs: { a: 1 } };
    const state = deployment("new", [changed], [{ type: "updating", resource: changed }]);
    await settle(session(state, { refusal: "cluster is unreachable" }), looks(NETWORK));
    assert.deepEqual(
      refreshes().map((call) => /gone=.*/.exec(call)?.[0]),
      ["gone=", "gone=true"],
    );
    fs.rmSync(path.join(sandbox.root, "calls"));
    const there = settle(session(state, { refusal: "no" }), looks(NETWORK, CLUSTER));
    await assert.rejects(there, /can't be read/);
    assert.equal(refreshes().length, 1);
  });

  it("goes on where the cloud does not tell, only if that is asked for", async () => {
    const inputs = { project: "p", name: "modelport-more" };
    const type = GCP_NETWORK;
    const resource = { urn: urn(type, "n"), type, custom: true, inputs };
    const state = deployment("new", [], [{ type: "creating", resource }]);
    const unseen = [{ kinds: "networks", why: "HTTP 403" }];
    const look = () => Promise.resolve({ where: "a cloud", found: [], looked: [], unseen });
    await assert.rejects(settle(session(state), { look }), /can't be told/);
    await settle(session(state), { look, insist: false });
    assert.deepEqual(imported(), [HELD, "gke a1"]);
  });
});

describe("an answer", () => {
  it("is waited for, but not for ever", async () => {
    assert.equal(await within(60_000, Promise.resolve(1)), 1);
    await assert.rejects(within(1, new Promise(() => undefined)), NoAnswer);
  });
});
