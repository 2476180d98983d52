import * as assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as path from "node:path";
import { copyCheckout } from "../../support/checkout";
import type { Result } from "../../support/command";
import { IbmFixture } from "./inventory/support/ibm";
import { thisProcess } from "../../../local/toolchain/process-identity";
import { modelport } from "./support/cli";
import { Sandbox } from "./support/sandbox";

const VPC = { id: "r010-vpc", name: "modelport-iks" };

/** The real command, against an account that is served here. */
describe("a stack in a cloud without a state", function () {
  this.timeout(300_000);
  let cwd: string;
  let sandbox: Sandbox;
  let ibm: IbmFixture;
  before(() => {
    cwd = copyCheckout();
    const file = path.join(cwd, "Pulumi.iks.yaml");
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, text.replace(/registryNamespace: .*/, "registryNamespace: acme-models"));
  });
  after(() => fs.rmSync(cwd, { recursive: true, force: true }));
  beforeEach(async () => {
    sandbox = new Sandbox();
    ibm = await new IbmFixture().start();
  });
  afterEach(async () => {
    sandbox.remove();
    await ibm.stop();
  });

  const variables = (): Record<string, string> =>
    Object.fromEntries(
      Object.entries(ibm.env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
    );
  const run = (...words: string[]): Promise<Result> =>
    modelport(sandbox, words, { cwd, env: variables() });

  it("has nothing to take away when its cloud says so", async () => {
    const { code, stderr } = await run("down", "--stack", "iks");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /nothing is left in IBM Cloud, region us-south: 13 kinds looked at/);
    assert.match(stderr, /nothing to take away/);
  });

  it("has something left when its cloud says so, be it that nobody asks", async () => {
    ibm.vpc("vpcs", VPC);
    const { code, stderr } = await run("down", "--stack", "iks");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error: 1 of stack iks left in IBM Cloud, region us-south/);
    assert.match(
      stderr,
      /fix: ibmcloud target -r us-south\n +ibmcloud is vpc-delete r010-vpc --force\n/,
    );
    const unasked = await run("down", "--stack", "iks", "--no-inventory");
    assert.equal(unasked.code, 0, unasked.stderr);
  });

  it("is not taken for gone when the cloud can't be asked", async () => {
    ibm.on("/vpc/v1/vpcs", { status: 403, body: { errors: [{ message: "no" }] } });
    const { code, stderr } = await run("down", "--stack", "iks");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error: what is left of stack iks in IBM Cloud, region us-south can't be/);
  });

  it("is not asked for with a config that it can't have been up with", async () => {
    const { code, stderr } = await run("down", "--stack", "prod");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /no cloud was asked: [^]*modelport:gke\.project/);
    assert.match(stderr, /nothing to take away/);
  });

  it("is asked for by the proxy that its providers go by, this machine's own addresses aside", async () => {
    const asked: string[] = [];
    const proxy = http.createServer();
    proxy.on("connect", ({ url = "" }: http.IncomingMessage, socket: net.Socket) => {
      asked.push(url);
      const cloud = net.connect(Number(new URL(ibm.url).port), "127.0.0.1");
      socket.on("error", () => cloud.destroy());
      cloud.on("error", () => socket.destroy());
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(cloud).pipe(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as net.AddressInfo;
    const { code, stderr } = await modelport(sandbox, ["inventory", "--stack", "iks"], {
      cwd,
      env: {
        ...variables(),
        IBMCLOUD_IAM_API_ENDPOINT: "http://iam.invalid/iam",
        HTTP_PROXY: `http://127.0.0.1:${port}`,
        NO_PROXY: "",
      },
    });
    proxy.closeAllConnections();
    proxy.close();
    assert.equal(code, 0, stderr);
    assert.deepEqual([...new Set(asked)], ["iam.invalid:80"]);
  });

  it("is shown by its inventory, which changes nothing", async () => {
    ibm.vpc("vpcs", VPC);
    const { code, stdout, stderr } = await run("inventory", "--stack", "iks", "--json");
    assert.equal(code, 0, stderr);
    const { target, found, looked, unseen } = JSON.parse(stdout) as Record<string, unknown[]>;
    assert.equal(target, "iks");
    assert.deepEqual(found, [
      {
        kind: "VPC",
        name: "modelport-iks",
        id: "r010-vpc",
        place: "us-south",
        remove: "ibmcloud is vpc-delete r010-vpc --force",
      },
    ]);
    assert.deepEqual([looked?.length, unseen], [13, []]);
    assert.ok(ibm.asked.every(({ method, path: at }) => method === "GET" || at.endsWith("/token")));
  });
});

describe("a stack in the embedded cluster", function () {
  this.timeout(300_000);
  let cwd: string;
  let sandbox: Sandbox;
  before(() => (cwd = copyCheckout()));
  after(() => fs.rmSync(cwd, { recursive: true, force: true }));
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const KUBECONFIG = "state/modelport/clusters/local/kubeconfigs/admin.conf";
  const record = (stack: string) => `state/modelport/clusters-of-stacks/${stack}`;
  const exists = (file: string) => fs.existsSync(path.join(sandbox.root, file));
  const down = (env: Record<string, string> = {}) =>
    modelport(sandbox, ["down", "--stack", "local"], { cwd, env });

  /** A cluster that is stopped, and stacks that were brought up in it. */
  function cluster(...stacks: readonly string[]): void {
    sandbox.write(KUBECONFIG, "certificate-authority-data: QQ==\n");
    for (const stack of stacks) {
      sandbox.write(
        record(stack),
        JSON.stringify({ authority: hash("QQ=="), backend: hash(sandbox.backend) }),
      );
      if (stack !== "local") sandbox.checkpoint(stack, state(EMBEDDED));
    }
  }
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const EMBEDDED = "urn:pulumi:other::modelport::pulumi:providers:kubernetes::embedded";
  const state = (...urns: readonly string[]) =>
    JSON.stringify({
      version: 3,
      checkpoint: { latest: { resources: urns.map((urn) => ({ urn })) } },
    });

  it("leaves the cluster to the others that are in it", async () => {
    cluster("local", "other");
    const { code, stderr } = await down();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /kept the embedded cluster[^\n]* in it: other/);
    assert.match(stderr, /kept \S+modelport[^\n]* it holds modelport\/other/);
    assert.deepEqual([KUBECONFIG, record("other"), record("local")].map(exists), [
      true,
      true,
      false,
    ]);
  });

  it("takes the cluster with it as the last one, whatever was in another cluster", async () => {
    cluster("local");
    const lost = { authority: "another one", backend: hash(sandbox.backend) };
    sandbox.write(record("other"), JSON.stringify(lost));
    const { code, stderr } = await down();
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /kept|nothing to take away/);
    assert.ok(!exists("state/modelport"));
  });

  it("leaves it to those whom plain pulumi brought up there, and to those of another backend", async () => {
    cluster("local");
    sandbox.checkpoint("plain", state(EMBEDDED));
    const elsewhere = { authority: hash("QQ=="), backend: hash("s3://states") };
    sandbox.write(record("remote"), JSON.stringify(elsewhere));
    const { code, stderr } = await down();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /kept the embedded cluster[^\n]* in it: plain, remote/);
  });

  it("is forgotten where its own cluster is gone, whoever is in the one that is here", async () => {
    const file = sandbox.checkpoint("local", state(EMBEDDED));
    cluster("local", "other");
    const lost = { authority: "another one", backend: hash(sandbox.backend) };
    sandbox.write(record("local"), JSON.stringify(lost));
    for (const name of ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"])
      sandbox.executable(name, "exit 0");
    sandbox.executable(
      "pulumi",
      `case "$*" in version*) echo v3.221.0;; "stack rm"*) rm ${file};; destroy*) exit 255;; esac`,
    );
    const { code, stderr } = await down();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /forgetting stack local[^\n]* its cluster is gone/);
    assert.match(stderr, /kept the embedded cluster[^\n]* in it: other/);
    assert.ok(exists(KUBECONFIG) && !exists(record("local")) && !fs.existsSync(file));
  });

  it("is destroyed for real in a cluster that stays, and an end before the end is an error", async () => {
    const checkpoint = JSON.stringify({ version: 3, checkpoint: { latest: { resources: [] } } });
    const file = sandbox.checkpoint("local", checkpoint);
    cluster("local", "other");
    const kubeconfig = path.join(sandbox.root, KUBECONFIG);
    const info = { kubeconfig, supervisor: thisProcess() };
    sandbox.write("state/modelport/clusters/local/cluster.json", JSON.stringify(info));
    for (const name of ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"])
      sandbox.executable(name, "exit 0");
    sandbox.executable(
      "pulumi",
      `case "$*" in
        version*) echo v3.221.0;;
        "stack rm"*) rm ${file};;
        "stack export"*) echo '{"deployment": {"resources": []}}';;
        destroy*) echo '{"diagnosticEvent": {"severity": "error", "message": "refused"}}'; exit 255;;
      esac`,
    );
    const { code, stderr } = await down();
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error: stack local could not be taken away\n {2}why: refused/);
    assert.ok(exists(KUBECONFIG) && exists(record("local")) && fs.existsSync(file));
    // As plain pulumi leaves it, which knows of no record.
    sandbox.checkpoint("other", state());
    const alone = await down();
    assert.equal(alone.code, 0, alone.stderr);
    assert.match(alone.stderr, /removing the cluster with everything in it instead/);
    assert.ok(!exists("state/modelport/clusters"));
  });

  it("takes only what is its own where a backend of the user's has other stacks", async () => {
    const contexts = path.join(cwd, ".modelport", "contexts");
    for (const stack of ["local", "other"])
      fs.mkdirSync(path.join(contexts, stack), { recursive: true });
    sandbox.write("state/modelport/pulumi-home/credentials.json", "{}");
    const backend = `file://${sandbox.root}/elsewhere`;
    const { code, stderr } = await down({ PULUMI_BACKEND_URL: backend });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /kept \S+modelport[^\n]* PULUMI_BACKEND_URL/);
    assert.deepEqual(fs.readdirSync(contexts), ["other"]);
    assert.ok(exists("state/modelport/pulumi-home/credentials.json"));
  });
});
