import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { InferenceService } from "../../../infra/components/inference-service";
import { ServiceNamespace } from "../../../infra/components/service-namespace";
import type { Proof } from "../../../infra/components/smoke";
import type { Cluster } from "../../../infra/targets/target";
import { run } from "./support/mocks";

/** Nothing listens there. */
const CLOSED_PORT = 64_999;

const proof: Proof = {
  requests: [{ path: "/predict", body: {}, fault: () => undefined }],
  headers: {},
};

function program(): pulumi.Inputs {
  const provider = new Provider("cluster");
  const cluster: Cluster = {
    provider,
    kubeconfig: pulumi.secret("{}"),
    images: {
      kind: "registry",
      server: "r.example.com",
      repository: (name) => `r.example.com/${name}`,
    },
    nodeAddresses: () => pulumi.output([{ host: "127.0.0.1", reachableFrom: "machine" as const }]),
  };
  const namespace = new ServiceNamespace("ns", {
    name: "ns",
    stack: "test",
    provider,
    images: cluster.images,
  });
  const service = new InferenceService("iris", {
    identity: { stack: "test", service: "iris" },
    namespace,
    cluster,
    network: { to: [] },
    image: "r.example.com/iris@sha256:0",
    exposure: "NodePort",
    nodePortsReachable: true,
    replicas: 2,
    port: 8080,
    health: { live: "/healthz", ready: "/readyz" },
    resources: { cpu: "100m", cpuLimit: "1", memory: "160Mi", memoryLimit: "320Mi" },
    env: {},
    proof,
    limits: { silentMs: 200, wrongMs: 100, pauseMs: 10, requestMs: 60_000 },
  });
  return { url: service.url };
}

describe("InferenceService", () => {
  it("fails the update when nothing answers, and says how to look", async () => {
    await assert.rejects(
      run(program, { preview: false, config: {}, nodePort: CLOSED_PORT }),
      /service iris runs, but does not predict[\s\S]*ECONNREFUSED[\s\S]*npm run cli -- status/,
    );
  });

  it("asks nobody in a preview", async () => {
    const { resources, outputs } = await run(program, { preview: true, config: {} });
    assert.equal(outputs["url"], undefined);
    assert.equal(resources.filter(({ type }) => type.startsWith("kubernetes:")).length, 7);
  });
});
