import assert from "node:assert/strict";
import { parseConfig } from "../../../../infra/config";
import { ConfigError, type Fault } from "../../../../infra/errors";

const GIT = { repository: "https://github.com/example/iris.git" };
/** In the cluster's own network, as far as config tells. */
const NEAR = { repository: "https://git.example.com/iris.git" };
const CLASSIC = { infrastructure: "classic", classic: { datacenter: "fra02" } };

function faults(
  settings: Record<string, unknown>,
  service: object = {},
  mirrors: Record<string, string> = {},
): readonly Fault[] {
  const sections = {
    target: "openshift",
    openshift: { registryNamespace: "acme-models", ...settings },
    services: { iris: { models: ["iris"], ...service } },
    images: { mirrors },
  };
  try {
    parseConfig({
      stack: "test",
      values: Object.fromEntries(
        Object.entries(sections).map(([key, value]) => [
          `modelport:${key}`,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ),
      secretKeys: [],
      models: ["iris"],
    });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults;
  }
  return [];
}

const built = (git: object) => ({ models: undefined, build: { git }, prediction: { body: {} } });

describe("config of target openshift", () => {
  describe("takes", () => {
    const cases: [string, Record<string, unknown>, object?][] = [
      ["the least", {}],
      [
        "one worker in each of two zones",
        { workersPerZone: 1, zones: ["us-south-1", "us-south-2"] },
      ],
      ["classic infrastructure", CLASSIC],
      ["a large flavor", { flavor: "bx2.16x64" }],
      ["a licence that is there", { entitlement: "cloud_pak" }],
      ["another version", { kubeVersion: "4.19.12_openshift" }],
      [
        "a build where workers may call out",
        { disableOutboundTrafficProtection: true },
        built(GIT),
      ],
      [
        "a build from a host that may be in the same network",
        {},
        built({ ...NEAR, strategy: "docker" }),
      ],
      [
        "such a build with an image of the cluster's own",
        {},
        built({
          ...NEAR,
          builderImage: "image-registry.openshift-image-registry.svc:5000/openshift/python:3.12",
        }),
      ],
      [
        "such a build with an image that its login is for",
        { pullNamespaces: ["acme-mirror"] },
        built({ ...NEAR, builderImage: "us.icr.io/acme-mirror/ubi9/python-312:1" }),
      ],
      ["a build on classic infrastructure", CLASSIC, built(GIT)],
      ["the router's certificate for the router's host", {}, { tls: "managed" }],
      ["a balancer", {}, { exposure: "LoadBalancer", internal: true }],
    ];
    for (const [what, settings, service] of cases)
      it(what, () => assert.deepEqual(faults(settings, service), []));

    it("a build whose language is to be found, where all builder images have a mirror", () => {
      const mirrors = { "registry.access.redhat.com": "us.icr.io/acme-mirror" };
      assert.deepEqual(faults({ pullNamespaces: ["acme-mirror"] }, built(NEAR), mirrors), []);
    });
  });

  describe("refuses", () => {
    const cases: [string, string, RegExp, Record<string, unknown>, object?][] = [
      ["one worker", "openshift.workersPerZone", /1, in 1 zone/, { workersPerZone: 1 }],
      [
        "one worker on classic infrastructure",
        "openshift.workersPerZone",
        /1, in 1 zone/,
        { ...CLASSIC, workersPerZone: 1 },
      ],
      ["workers that are too small", "openshift.flavor", /2 cores and 8 GB/, { flavor: "bx2.2x8" }],
      ["too little memory", "openshift.flavor", /16 cores and 8 GB/, { flavor: "cx2.16x8" }],
      ["a flavor that is none", "openshift.flavor", /medium/, { flavor: "medium" }],
      ["a version of Kubernetes", "openshift.kubeVersion", /1\.34/, { kubeVersion: "1.34" }],
      ["a CRN that is none", "openshift.cosInstanceCrn", /my-cos/, { cosInstanceCrn: "my-cos" }],
      [
        "object storage on classic infrastructure",
        "openshift.cosInstanceCrn",
        /classic/,
        { ...CLASSIC, cosInstanceCrn: "crn:v1:bluemix:public:cloud-object-storage:global:a/1:2::" },
      ],
      ["another licence", "openshift.entitlement", /mine/, { entitlement: "mine" }],
      [
        "a build from the internet where workers may not call out",
        "openshift.disableOutboundTrafficProtection",
        /service iris is built from a repository in the internet/,
        {},
        built(GIT),
      ],
      [
        "such a build by ssh",
        "openshift.disableOutboundTrafficProtection",
        /service iris/,
        {},
        built({ repository: "git@github.com:example/iris.git" }),
      ],
      [
        "such a build on one of Azure's hosts",
        "openshift.disableOutboundTrafficProtection",
        /service iris is built from a repository/,
        {},
        built({ repository: "git@ssh.dev.azure.com:v3/acme/models/iris", strategy: "docker" }),
      ],
      [
        "a near build with a builder image in the internet",
        "openshift.disableOutboundTrafficProtection",
        /service iris is built with the image quay\.io\/acme\/builder:1/,
        {},
        built({ ...NEAR, builderImage: "quay.io/acme/builder:1" }),
      ],
      [
        "a near build that may need Red Hat's builder image",
        "openshift.disableOutboundTrafficProtection",
        /with Red Hat's image for its language/,
        {},
        built(NEAR),
      ],
      [
        "a builder image in a namespace that builds have no login for",
        "services.iris.build.git.builderImage",
        /us\.icr\.io\/acme-mirror/,
        {},
        built({ ...NEAR, builderImage: "us.icr.io/acme-mirror/python:1" }),
      ],
      [
        "workers with GPUs, which nobody would offer to pods",
        "openshift.gpuPool",
        /GPUs, on target openshift/,
        { gpuPool: { type: "nvidia-l4" } },
      ],
      ["a GPU", "services.iris.gpu", /GPUs, on target openshift/, {}, { gpu: { count: 1 } }],
      [
        "the router's certificate for a host of one's own",
        "services.iris.tls",
        /iris\.example\.com/,
        {},
        { host: "iris.example.com", tls: "managed" },
      ],
      [
        "what no cluster of IBM Cloud takes",
        "openshift.zones[0]",
        /eu-de-1/,
        { zones: ["eu-de-1"] },
      ],
      ["an Ingress", "services.iris.exposure", /Ingress/, {}, { exposure: "Ingress" }],
    ];
    for (const [what, key, got, settings, service] of cases)
      it(what, () => {
        const found = faults(settings, service);
        const fault = found.find((candidate) => candidate.key === `modelport:${key}`);
        assert.ok(fault, JSON.stringify(found));
        assert.match(fault.got, got);
        assert.match(fault.fix, /^pulumi config (?:set|rm) --path/);
        assert.equal(found.length, 1, JSON.stringify(found));
      });

    it("everything at once", () => {
      const keys = faults(
        { workersPerZone: 1, flavor: "bx2.2x8", kubeVersion: "4" },
        built(GIT),
      ).map(({ key }) => key.replace("modelport:openshift.", ""));
      assert.deepEqual(keys.sort(), [
        "disableOutboundTrafficProtection",
        "flavor",
        "kubeVersion",
        "workersPerZone",
      ]);
    });
  });
});
