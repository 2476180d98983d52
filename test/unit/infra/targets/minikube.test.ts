import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { setOffline } from "../../../../infra/offline-mode";
import { minikube as config } from "../../../../infra/config/targets/minikube";
import { minikube } from "../../../../infra/targets/minikube";
import type { Front } from "../../../../infra/targets/target";
import { run } from "../support/mocks";

describe("target minikube", () => {
  const saved = process.env["MINIKUBE_HOME"];
  let home: string;
  before(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "minikube-target-"));
    process.env["MINIKUBE_HOME"] = home;
  });
  after(() => {
    if (saved === undefined) delete process.env["MINIKUBE_HOME"];
    else process.env["MINIKUBE_HOME"] = saved;
    fs.rmSync(home, { recursive: true, force: true });
  });

  const capabilities = async () => {
    let found: ReturnType<typeof minikube>["capabilities"] | undefined;
    await run(
      () => {
        found = minikube(config.parse({ profile: "modelport-nobody" })).capabilities;
        return {};
      },
      { preview: true, config: {} },
    );
    return found!;
  };

  it("has LoadBalancers while a tunnel runs, and says how to get one", async () => {
    const without = await capabilities();
    assert.ok(!without.exposures.includes("LoadBalancer"));
    const { why, fix } = without.refusals!.LoadBalancer!;
    assert.match(why, /no minikube tunnel runs for profile modelport-nobody/);
    assert.match(fix, /minikube start --profile modelport-nobody --cpus 2 --memory 4096mb && /);
    fs.mkdirSync(path.join(home, ".minikube"));
    const tunnel = { Route: {}, MachineName: "modelport-nobody", Pid: process.pid };
    fs.writeFileSync(path.join(home, ".minikube", "tunnels.json"), JSON.stringify([tunnel]));
    assert.ok((await capabilities()).exposures.includes("LoadBalancer"));
  });

  it("takes a tunnel as given offline", async () => {
    fs.rmSync(path.join(home, ".minikube"), { recursive: true, force: true });
    setOffline(true);
    try {
      assert.ok((await capabilities()).exposures.includes("LoadBalancer"));
    } finally {
      setOffline(false);
    }
  });

  it("enables the Ingress addon once, when a service asks for it", async () => {
    const fronts: Front[] = [];
    const provision = (exposures: readonly ("Ingress" | "NodePort")[]) =>
      run(
        () => {
          const cluster = minikube(config.parse({})).provision("test");
          for (const [index, exposure] of exposures.entries())
            fronts.push(
              cluster.front!({
                service: "iris",
                namespace: "ns",
                stack: "test",
                exposure,
                internal: false,
                health: { path: "/readyz", port: 8080 },
                parent: new pulumi.ComponentResource(
                  "modelport:index:InferenceService",
                  `s${index}`,
                ),
                dependsOn: [],
              }),
            );
          return {};
        },
        { preview: true, config: {} },
      );
    const addons = ({ recorded }: Awaited<ReturnType<typeof run>>) =>
      recorded.filter(({ type }) => type === "pulumi-nodejs:dynamic/minikube:Addon");
    assert.deepEqual(addons(await provision(["NodePort"])), []);
    fronts.length = 0;
    const [addon, ...others] = addons(await provision(["Ingress", "NodePort", "Ingress"]));
    assert.deepEqual(others, []);
    assert.equal(addon?.inputs["addon"], "ingress");
    assert.equal(fronts[0]?.dependsOn?.length, 1);
    assert.equal(fronts[0].ingress?.className, "nginx");
  });

  it("enables the addon that tells CPU, once, when a service asks for it", async () => {
    const { recorded } = await run(
      () => {
        const cluster = minikube(config.parse({})).provision("test");
        assert.deepEqual(cluster.metrics!(), cluster.metrics!());
        return {};
      },
      { preview: true, config: {} },
    );
    const addons = recorded.filter(({ type }) => type.endsWith(":Addon"));
    assert.deepEqual(
      addons.map(({ inputs }) => inputs["addon"]),
      ["metrics-server"],
    );
  });

  it("gives images a name that every stack's can be part of", async () => {
    const repository = (stack: string) => {
      const { images } = minikube(config.parse({})).provision(stack);
      return images.repository("iris");
    };
    await run(
      () => {
        assert.equal(repository("dev"), "modelport/dev/iris");
        return {};
      },
      { preview: true, config: {} },
    );
    await run(
      () => {
        assert.match(repository("Team.Dev_"), /^modelport\/team-dev-[0-9a-f]{8}\/iris$/);
        return {};
      },
      { preview: true, config: {} },
    );
  });
});
