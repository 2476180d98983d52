import assert from "node:assert/strict";
import { diagram } from "../../../docs-gen/graph";

const resource = (type: string, name: string, dependencies: string[] = [], parent?: string) => ({
  type,
  name,
  dependencies,
  ...(parent === undefined ? {} : { parent }),
});

const lines = (...resources: Parameters<typeof diagram>[0]) => diagram(resources).split("\n");

describe("a diagram of a stack's resources", () => {
  it("draws components around what is theirs, and arrows from first to next", () => {
    const parent = "modelport:index:InferenceService::iris";
    assert.deepEqual(
      lines(
        resource(
          "kubernetes:apps/v1:Deployment",
          "iris",
          ["docker:index/image:Image::iris"],
          parent,
        ),
        resource("docker:index/image:Image", "iris"),
        resource("modelport:index:InferenceService", "iris"),
      ),
      [
        "```mermaid",
        "flowchart LR",
        'n0["docker.Image<br/>iris"]',
        'subgraph g0["InferenceService iris"]',
        'n1["Deployment<br/>iris"]',
        "end",
        "n0 --> n1",
        "```",
      ],
    );
  });

  it("draws a component in the one that it belongs to", () => {
    const outer = "modelport:index:IksCluster::iks";
    const inner = "modelport:ibm:Registry::registry";
    assert.deepEqual(
      lines(
        resource("modelport:index:IksCluster", "iks"),
        resource("modelport:ibm:Registry", "registry", [], outer),
        resource("ibm:index/crNamespace:CrNamespace", "registry", [], inner),
      ).slice(2, -1),
      [
        'subgraph g1["IksCluster iks"]',
        'subgraph g0["Registry registry"]',
        'n0["ibm.CrNamespace<br/>registry"]',
        "end",
        "end",
      ],
    );
  });

  it("leaves out what follows from other arrows", () => {
    const arrows = lines(
      resource("gcp:compute/network:Network", "a"),
      resource("gcp:compute/router:Router", "b", ["gcp:compute/network:Network::a"]),
      resource("gcp:compute/routerNat:RouterNat", "c", [
        "gcp:compute/network:Network::a",
        "gcp:compute/router:Router::b",
      ]),
    ).filter((line) => line.includes("-->"));
    assert.deepEqual(arrows, ["n0 --> n1", "n1 --> n2"]);
  });

  it("draws resources of a kind as one where they have one place", () => {
    const services = ["a", "b", "c", "d"].map((name) =>
      resource("gcp:projects/service:Service", name),
    );
    const after = services.map(({ type, name }) => `${type}::${name}`);
    const drawn = lines(
      ...services,
      resource("gcp:projects/service:Service", "alone"),
      resource("gcp:compute/network:Network", "network", after),
    );
    assert.deepEqual(drawn.slice(2, -1), [
      'n0["gcp.compute.Network<br/>network"]',
      'n1["4 × gcp.projects.Service<br/>a, b, c, …"]',
      'n2["gcp.projects.Service<br/>alone"]',
      "n1 --> n0",
    ]);
  });

  it("puts a cluster before what is in it, and leaves providers out", () => {
    const drawn = lines(
      resource("ibm:index/containerVpcCluster:ContainerVpcCluster", "cluster"),
      resource("pulumi:providers:ibm", "ibm"),
      resource("pulumi:providers:kubernetes", "iks", [
        "ibm:index/containerVpcCluster:ContainerVpcCluster::cluster",
      ]),
      resource("kubernetes:core/v1:Namespace", "team"),
    );
    assert.deepEqual(drawn.slice(2, -1), [
      'n0["ibm.ContainerVpcCluster<br/>cluster"]',
      'n1["Namespace<br/>team"]',
      "n0 --> n1",
    ]);
  });

  it("is the same whatever the order of registration", () => {
    const resources = [
      resource("kubernetes:core/v1:Namespace", "team"),
      resource("kubernetes:core/v1:ServiceAccount", "iris", ["kubernetes:core/v1:Namespace::team"]),
      resource("kubernetes:core/v1:Service", "iris", ["kubernetes:core/v1:Namespace::team"]),
    ];
    assert.equal(diagram(resources), diagram([...resources].reverse()));
  });
});
