import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { destroy } from "../../../cli/destroy";
import { Engine } from "../../../cli/engine";
import type { Inventory } from "../../../cli/inventory";
import { Memory } from "../../../cli/inventory/memory";
import { isReleasedLate, isUnreachable } from "../../../cli/late-release";
import type { Session } from "../../../cli/session";
import { formatUserError, UserError } from "../../../local/errors";
import { silentProgress } from "../../../local/progress";
import { Sandbox } from "./support/sandbox";

const IN_USE =
  "deleting urn:pulumi:prod::modelport::gcp:compute/network:Network::network: 1 error occurred:\n\t* Error waiting for Deleting Network: The network resource 'projects/p/global/networks/modelport-prod' is already being used by 'projects/p/global/firewalls/k8s-1-node-http-hc'";
const DENIED =
  "deleting urn:pulumi:prod::modelport::gcp:serviceaccount/account:Account::nodes: 1 error occurred:\n\t* Error 403: Permission iam.serviceAccounts.delete is required";
const UNREACHABLE =
  "configured Kubernetes cluster is unreachable: unable to load schema information";

const HASTE = { totalMs: 600_000, firstPauseMs: 1, longestPauseMs: 1 };

const EMPTY: Inventory = { where: "a cloud", found: [], looked: ["clusters"], unseen: [] };
const CLUSTER = { kind: "cluster", name: "modelport-prod", place: "here", remove: "remove it" };
const NETWORK = { kind: "network", name: "modelport-prod", place: "global", remove: "remove it" };
const MEMORY = new Memory([
  { kind: "network", id: "projects/p/global/networks/modelport-prod", group: "Google Cloud" },
]);
/** The stack's place, without its cluster. */
const SEEN: Inventory = { ...EMPTY, scope: "p", found: [NETWORK] };
const RULE = { kind: "firewall rule", name: "k8s-1", place: "global", remove: "remove the rule" };

describe("what a cloud says when it releases something late", () => {
  const late = [
    IN_USE,
    "Error 400: The subnetwork resource 'x' is already being used by 'y', resourceInUseByAnotherResource",
    "Cannot delete the subnet while it is in use by one or more network interfaces",
    "The security group is in use by load balancer kube-c1-5f2e",
    "The VPC is in use and cannot be deleted.",
    "Cannot delete a public gateway when it is in use.",
    "googleapi: Error 400: Cluster is running incompatible operation operation-1",
    "Error 409: There were concurrent policy changes. Please retry",
    "Status code: 409 vpc_in_use",
    "The VPC is still being deleted",
    "load balancer r010-1 is in deleting state",
  ];
  for (const text of late)
    it(`is known: ${text.slice(-60)}`, () => assert.ok(isReleasedLate([text, "destroy failed"])));

  const others = [
    DENIED,
    "Cannot destroy cluster because deletion_protection is set to true",
    "Quota 'IN_USE_ADDRESSES' exceeded. Limit: 8.0 in region us-central1.",
    "Provided API key could not be found.",
    "error: [409] Conflict: Another update is currently in progress.",
  ];
  for (const text of others)
    it(`is not anything else: ${text.slice(-60)}`, () => assert.ok(!isReleasedLate([text])));

  it("counts only if it is all that went wrong", () => {
    assert.ok(isReleasedLate([IN_USE, IN_USE]));
    assert.ok(!isReleasedLate([IN_USE, DENIED]));
    assert.ok(!isReleasedLate([]));
    assert.ok(!isReleasedLate(["destroy failed"]));
    assert.ok(isUnreachable([DENIED, UNREACHABLE]));
  });
});

const NO_LOGIN =
  "invocation of ibm:index/getContainerClusterConfig:getContainerClusterConfig returned an error: [ERROR] Error downloading the cluster config [c1]: Request failed with status code: 404, The specified cluster could not be found.";

describe("a destroy", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const calls = (): string[] =>
    fs
      .readFileSync(path.join(sandbox.root, "calls"), "utf8")
      .split("\n")
      .filter((call) => call.startsWith("destroy"));

  /** Before an engine whose destroys end as given, one after the other, the last for ever. @param ends undefined: well */
  function session(ends: readonly (string | undefined)[], target = "gke"): Session {
    const state = sandbox.write("state.json", JSON.stringify({ deployment: { resources: [] } }));
    for (const [i, end] of ends.entries())
      if (end !== undefined) {
        const diagnosticEvent = { severity: "error", message: end };
        sandbox.write(`end-${i}`, `${JSON.stringify({ diagnosticEvent })}\n`);
      }
    const script = `
      if [ "$2" = export ]; then cat ${state}; exit 0; fi
      [ "$1" = destroy ] || exit 0
      n=$(cat ${sandbox.root}/n 2>/dev/null || echo 0)
      [ "$n" -lt ${ends.length - 1} ] && echo $((n + 1)) > ${sandbox.root}/n
      echo "destroy $PULUMI_K8S_DELETE_UNREACHABLE" >> ${sandbox.root}/calls
      if [ -e ${sandbox.root}/end-$n ]; then cat ${sandbox.root}/end-$n; exit 255; fi`;
    const pulumi = sandbox.executable("pulumi", script);
    return {
      stack: "prod",
      settings: { target, hasSalt: false, config: {} },
      progress: silentProgress(),
      variables: {},
      engine: new Engine({ pulumi, cwd: sandbox.root, stack: "prod", variables: {} }),
    };
  }

  const looks = (inventory: Inventory) => () => Promise.resolve(inventory);

  async function failure(run: Promise<void>): Promise<string> {
    const error: unknown = await run.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof UserError, String(error));
    return formatUserError(error);
  }

  it("is tried again until the cloud has released what it releases late", async () => {
    await destroy(session([IN_USE, IN_USE, undefined]), HASTE, MEMORY, looks(EMPTY));
    assert.equal(calls().length, 3);
  });

  it("is given its time once the cloud refuses something, however long that took", async () => {
    const slow = session([IN_USE, undefined]);
    const destroys = slow.engine.destroy.bind(slow.engine);
    slow.engine.destroy = async (...words) => {
      await pause(2500);
      return destroys(...words);
    };
    await destroy(slow, { ...HASTE, totalMs: 2000 }, MEMORY, looks(EMPTY));
    assert.equal(calls().length, 2);
  });

  it("is not tried again for anything else", async () => {
    const text = await failure(destroy(session([DENIED]), HASTE, MEMORY, looks(EMPTY)));
    assert.match(text, /^error: stack prod could not be taken away\n/);
    assert.match(text, /iam\.serviceAccounts\.delete/);
    assert.equal(calls().length, 1);
  });

  it("ends after the time it was given, with what there is and what removes it", async () => {
    const left = { ...EMPTY, found: [RULE] };
    const run = destroy(
      session([IN_USE]),
      { ...HASTE, totalMs: 100, firstPauseMs: 50 },
      MEMORY,
      looks(left),
    );
    const text = await failure(run);
    assert.match(text, /error: stack prod could not be taken away: something of it is still used/);
    assert.match(text, /is already being used by .*k8s-1-node-http-hc/);
    assert.match(text, /firewall rule k8s-1 \(global\)/);
    assert.match(text, /fix: remove the rule\n {7}npm run down -- --stack prod/);
  });

  it("forgets what was in a cluster that the cloud says is gone", async () => {
    await destroy(session([UNREACHABLE, undefined]), HASTE, MEMORY, looks(SEEN));
    assert.deepEqual(calls(), ["destroy ", "destroy true"]);
  });

  it("forgets that too where the cloud gives no login to it any more", async () => {
    const there = { ...SEEN, found: [NETWORK, CLUSTER] };
    const refused = destroy(session([NO_LOGIN], "iks"), HASTE, MEMORY, looks(there));
    assert.match(await failure(refused), /could not be found/);
    await destroy(session([NO_LOGIN, undefined], "iks"), HASTE, MEMORY, looks(SEEN));
    assert.deepEqual(calls(), ["destroy ", "destroy ", "destroy true"]);
  });

  it("forgets what was in a cluster that the user says is gone", async () => {
    process.env["PULUMI_K8S_DELETE_UNREACHABLE"] = "true";
    const never = () => Promise.reject(new Error("asked"));
    await destroy(session([NO_LOGIN, undefined], "iks"), HASTE, MEMORY, never);
    assert.equal(calls().length, 2);
  });

  it("needs no end in a cluster that goes, but in one that stays for other stacks", async () => {
    await destroy(session([DENIED], "embedded"), HASTE, MEMORY, looks(EMPTY));
    const stays = destroy(session([IN_USE], "embedded"), HASTE, MEMORY, looks(EMPTY), false);
    assert.match(await failure(stays), /^error: stack prod could not be taken away\n/);
    assert.equal(calls().length, 2);
  });

  it("waits for nothing that only controllers of such a cluster would remove", async () => {
    const left = { ...SEEN, found: [RULE, NETWORK] };
    const text = await failure(
      destroy(session([UNREACHABLE, IN_USE, undefined]), HASTE, MEMORY, looks(left)),
    );
    assert.match(text, /fix: remove the rule\n/);
    assert.deepEqual(calls(), ["destroy ", "destroy true"]);
  });

  it("waits for all else of such a stack", async () => {
    await destroy(session([UNREACHABLE, IN_USE, undefined]), HASTE, MEMORY, looks(SEEN));
    assert.equal(calls().length, 3);
  });

  it("waits for the controllers of a cluster that it took away itself", async () => {
    const left = { ...SEEN, found: [RULE, NETWORK] };
    await destroy(session([IN_USE, undefined]), HASTE, MEMORY, looks(left));
    assert.equal(calls().length, 2);
  });

  it("forgets nothing of a cluster that is there, or that nobody could look for", async () => {
    for (const inventory of [
      { ...SEEN, found: [NETWORK, CLUSTER] },
      { ...SEEN, looked: [], unseen: [{ kinds: "clusters", why: "403" }] },
      // It shows nothing of the stack: neither the place nor the right to look is sure.
      EMPTY,
      { ...SEEN, scope: "another" },
    ]) {
      const text = await failure(destroy(session([UNREACHABLE]), HASTE, MEMORY, looks(inventory)));
      assert.match(text, /cluster is unreachable/);
    }
    assert.deepEqual(calls(), ["destroy ", "destroy ", "destroy ", "destroy "]);
  });

  it("asks no cloud about a cluster of one's own", async () => {
    const never = () => Promise.reject(new Error("asked"));
    const text = await failure(destroy(session([UNREACHABLE], "existing"), HASTE, MEMORY, never));
    assert.match(text, /cluster is unreachable/);
  });
});
