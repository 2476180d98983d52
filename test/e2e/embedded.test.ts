import * as assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { childrenOf } from "../../local/cluster/supervisor/sandbox";
import { type CommandOptions, type Result, command } from "../support/command";
import { copyCheckout } from "../support/checkout";
import { isolatedEnvironment } from "../support/environment";
import { machineTraces } from "../support/traces";

interface Golden {
  tolerance: number;
  requests: { instance: number[]; prediction: { label: string; probabilities: number[] } }[];
}

interface Prediction {
  model: string;
  version: string;
  predictions: { label: string; probabilities: number[] }[];
}

const KEY = "a-key-that-nobody-guesses";

const RETRAINED = path.join(__dirname, "../unit/app/fixtures/retrained/iris");

describe("the whole way, on the embedded cluster", () => {
  let checkout: string;
  let env: Record<string, string>;
  let untouched: ReturnType<typeof machineTraces>;
  let url: string;

  const modelport = (args: string[], options: Partial<CommandOptions> = {}): Promise<Result> =>
    command([process.execPath, "cli/modelport.js", ...args], { cwd: checkout, env, ...options });
  const succeed = async (args: string[]): Promise<Result> => {
    const result = await modelport([...args, "--stack", "local"]);
    assert.equal(
      result.code,
      0,
      `modelport ${args.join(" ")}:\n${result.stderr}\n${result.stdout}`,
    );
    return result;
  };
  /** Plain pulumi, as `eval "$(npm run --silent env)"` sets it up. */
  const pulumi = async (script: string): Promise<Result> => {
    const result = await command(
      ["sh", "-euc", `eval "$('${process.execPath}' cli/modelport.js env)"; ${script}`],
      { cwd: checkout, env },
    );
    assert.equal(result.code, 0, `${script}:\n${result.stderr}\n${result.stdout}`);
    return result;
  };
  const editStack = (change: (service: Record<string, unknown>) => void): void => {
    const file = path.join(checkout, "Pulumi.local.yaml");
    const stack = parse(fs.readFileSync(file, "utf8")) as { config: Record<string, unknown> };
    const services = (stack.config["modelport:services"] ?? { iris: { models: ["iris"] } }) as {
      iris: Record<string, unknown>;
    };
    change(services.iris);
    stack.config["modelport:services"] = services;
    fs.writeFileSync(file, stringify(stack));
  };

  before(async () => {
    checkout = copyCheckout();
    env = await isolatedEnvironment();
    untouched = machineTraces();
  });

  after(async () => {
    await modelport(["down", "--stack", "local"]);
    for (const directory of [checkout, env["XDG_STATE_HOME"] ?? ""]) {
      fs.rmSync(directory, { recursive: true, force: true });
    }
  });

  it("`up`, killed half-way, leaves nothing that the next `up` can't finish", async () => {
    const killed = await modelport(["up", "--stack", "local", "--json"], {
      // As soon as the first object of the service exists, everything is killed at once, the engine too.
      onOutput: (stderr) => {
        if (stderr.includes("Deployment iris") || stderr.includes("Image iris created")) killTree();
      },
      started: (child) => (victim = child.pid),
    });
    assert.equal(killed.signal, "SIGKILL", `it was not killed: ${killed.stderr}`);

    const result = await succeed(["up", "--json"]);
    const outputs = JSON.parse(result.stdout) as { url: string; target: string };
    url = outputs.url;
    assert.equal(outputs.target, "embedded");
    const preview = await pulumi("pulumi preview --stack local --expect-no-changes");
    assert.match(preview.stdout, /unchanged/);
  });

  it("answers as the original framework did", async () => {
    await assertGolden(url, path.join(checkout, "app/models/iris/1/golden.json"));
  });

  it("a second `up` changes nothing and builds nothing", async () => {
    const images = await imagesInRegistry(env);
    const result = await succeed(["up"]);
    assert.match(result.stderr, /nothing to change|unchanged/, result.stderr);
    assert.doesNotMatch(result.stderr, /created|updated|replaced/);
    assert.deepEqual(await imagesInRegistry(env), images);
  });

  it("plain pulumi works", async () => {
    const result = await pulumi(
      "pulumi up --yes --skip-preview --stack local >&2; pulumi stack output --stack local --json",
    );
    const outputs = JSON.parse(result.stdout) as Record<string, unknown>;
    assert.equal(outputs["url"], url);
    assert.equal(outputs["kubeconfig"], "[secret]");
  });

  it("prints the URL, predicts, and tells the status", async () => {
    assert.equal((await succeed(["url"])).stdout.trim(), url);
    const answer = await modelport(["predict", "[5.1,3.5,1.4,0.2]", "--stack", "local"]);
    assert.match(answer.stdout, /setosa/, answer.stderr);
    assert.match((await succeed(["status"])).stdout, /2 of 2 ready/);
  });

  it("scales", async () => {
    editStack((service) => (service["replicas"] = 3));
    await succeed(["up"]);
    assert.match((await succeed(["status"])).stdout, /3 of 3 ready/);
  });

  it("mends what somebody changed by hand", async () => {
    await scaleByHand(env, 1);
    await pulumi("pulumi refresh --yes --stack local");
    await succeed(["up"]);
    assert.match((await succeed(["status"])).stdout, /3 of 3 ready/);
  });

  it("serves a changed model, without a failed request", async () => {
    const model = path.join(checkout, "app/models/iris");
    fs.rmSync(model, { recursive: true });
    fs.cpSync(RETRAINED, model, { recursive: true });
    const load = startLoad(url);
    await succeed(["up"]);
    const { answered, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.ok(answered > 50, `only ${answered} requests were made`);
    await assertGolden(url, path.join(RETRAINED, "2/golden.json"));
  });

  it("serves several models behind an API key, which is nowhere in plain", async () => {
    editStack((service) => (service["models"] = ["iris", "spam", "and-gate"]));
    const place = "modelport:services.iris.apiKeys.me";
    await pulumi(`pulumi config set --stack local --secret --path '${place}' ${KEY}`);
    const { stderr } = await succeed(["up"]);
    assert.doesNotMatch(stderr, new RegExp(KEY));
    // A pod from before may still be in the act of ending.
    const open = () => fetch(`${url}/predict`, { method: "POST", body: "[5.1,3.5,1.4,0.2]" });
    for (const end = Date.now() + 10_000; (await open()).status !== 401 && Date.now() < end;)
      await sleep(100);
    for (let time = 0; time < 20; time++) assert.equal((await open()).status, 401);
    const spam = await succeed(["predict", "spam", "WINNER! Claim your prize now"]);
    assert.match(spam.stdout, /"model":"spam"/);
    const gate = await succeed(["predict", "and-gate", "[1, 1]", "--key", KEY]);
    assert.match(gate.stdout, /"label":"1"/);
    const state = await pulumi("pulumi stack export --stack local");
    assert.doesNotMatch(state.stdout, new RegExp(`${KEY}|${sha256(KEY)}`));
  });

  it("serves the version that is pinned, from the image that is there", async () => {
    const images = await imagesInRegistry(env);
    editStack((service) => (service["versions"] = { iris: 1 }));
    await succeed(["up"]);
    const answer = await succeed(["predict", "iris", "[5.1,3.5,1.4,0.2]"]);
    assert.match(answer.stdout, /"model":"iris","version":"1"/);
    assert.deepEqual(await imagesInRegistry(env), images);
  });

  it("`down` leaves nothing", async () => {
    await succeed(["down"]);
    await assert.rejects(fetch(url));
    const left = machineTraces().filter((trace) => !untouched.includes(trace));
    assert.deepEqual(left, []);
    assert.deepEqual(
      fs.existsSync(env["XDG_STATE_HOME"] ?? "") ? fs.readdirSync(env["XDG_STATE_HOME"] ?? "") : [],
      [],
    );
    const again = await succeed(["down"]);
    assert.match(again.stderr, /nothing to take away/);
  });

  let victim: number | undefined;
  const killTree = (): void => {
    if (victim === undefined) return;
    for (const pid of [victim, ...descendants(victim)]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended meanwhile.
      }
    }
    victim = undefined;
  };
});

async function assertGolden(url: string, file: string): Promise<void> {
  const golden = JSON.parse(fs.readFileSync(file, "utf8")) as Golden;
  const answer = (await postJson(`${url}/predict`, {
    instances: golden.requests.map(({ instance }) => instance),
  })) as Prediction;
  assert.equal(answer.predictions.length, golden.requests.length);
  for (const [index, { prediction }] of golden.requests.entries()) {
    const got = answer.predictions[index]!;
    assert.equal(got.label, prediction.label, `row ${index}`);
    for (const [column, probability] of prediction.probabilities.entries()) {
      const difference = Math.abs(got.probabilities[column]! - probability);
      assert.ok(difference <= golden.tolerance, `row ${index}, column ${column}: ${difference}`);
    }
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function postJson(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
}

/** One request after the other, each on a connection of its own, until stopped. */
function startLoad(url: string): { stop(): Promise<{ answered: number; failures: string[] }> } {
  const failures: string[] = [];
  let answered = 0;
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const response = await fetch(`${url}/predict`, {
          method: "POST",
          body: "[5.1,3.5,1.4,0.2]",
          headers: { connection: "close" },
        });
        await response.text();
        if (response.status === 200) answered += 1;
        else failures.push(`HTTP ${response.status}`);
      } catch (error) {
        failures.push(String((error as Error & { cause?: unknown }).cause ?? error));
      }
      await sleep(20);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await done;
      return { answered, failures };
    },
  };
}

async function imagesInRegistry(env: Record<string, string>): Promise<unknown> {
  const registry = `http://127.0.0.1:${env["MODELPORT_REGISTRY_PORT"]}/v2`;
  const { repositories } = (await (await fetch(`${registry}/_catalog`)).json()) as {
    repositories: string[];
  };
  return Promise.all(
    repositories.map(async (name) => (await fetch(`${registry}/${name}/tags/list`)).json()),
  );
}

async function scaleByHand(env: Record<string, string>, replicas: number): Promise<void> {
  const { AppsV1Api, KubeConfig, setHeaderOptions, PatchStrategy } =
    await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromFile(
    path.join(env["XDG_STATE_HOME"] ?? "", "modelport/clusters/local/kubeconfigs/admin.conf"),
  );
  await config
    .makeApiClient(AppsV1Api)
    .patchNamespacedDeployment(
      { namespace: "modelport-local", name: "iris", body: { spec: { replicas } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
}

/** All that a command started, but not the cluster's owner, which is a daemon. */
function descendants(of: number): number[] {
  const children = childrenOf(of).filter((pid) => !isSupervisor(pid));
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function isSupervisor(pid: number): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("supervisor.js");
  } catch {
    return false;
  }
}
