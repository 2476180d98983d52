import * as assert from "node:assert/strict";
import * as path from "node:path";
import type { Build, Stored } from "../../support/openshift/kinds";
import { Canaries } from "../support/canaries";
import { Client } from "../support/client";
import { refused } from "../support/refusal";
import { StackUnderTest, type Values } from "../support/stack";
import { DOMAIN, LOGIN, type OpenShiftPlace } from "./place";
import { ask } from "./router";

const REGISTRY = "image-registry.openshift-image-registry.svc:5000";
const BUILDS = "modelport-company-builds";
/** Of services that are built from sources, in a private repository by ssh and by https. */
const KEY = "services.line.build.git.credentials.sshKey";
const TOKEN = "services.token.build.git.credentials.token";

/** A model: y = 2 x + 1. */
const LINE = `
const server = require("node:http").createServer(async (request, response) => {
  const chunks = await request.toArray();
  if (request.method !== "POST") return response.end("a line");
  const { instances } = JSON.parse(Buffer.concat(chunks));
  response.end(JSON.stringify({ predictions: instances.map(([x]) => 2 * x + 1) }));
});
server.listen(8080);
process.once("SIGTERM", () => server.close(() => process.exit(0)));
`;

/** The program finds Routes and builds on a cluster that it was only given a kubeconfig of. */
export function program(start: () => OpenShiftPlace): void {
  describe("the program on target existing", () => {
    const canaries = new Canaries();
    let place: OpenShiftPlace;
    let stack: StackUnderTest;
    let client: Client;
    let commit: string;

    before(async () => {
      place = start();
      const { world, ssh, privateGit } = place;
      const ca = path.join(world.folder, "authority", "ca.pem");
      Object.assign(world.env, { GIT_SSL_CAINFO: ca, NODE_EXTRA_CA_CERTS: ca });
      world.link("ssh", ssh.program);
      client = new Client({ hosts: place.hosts, authorities: ca });
      canaries.add("key of the repository", ssh.key);
      canaries.add("another's key", ssh.strangerKey);
      commit = privateGit.commit("line", { "package.json": "{}", "server.js": LINE });
      stack = new StackUnderTest(world, "company");
      write({ line: line() });
      await stack.pulumi("stack", "select", "--create");
    });

    const write = (services: Values): void => {
      const { kubeconfig, registry, platform, dockerHost, baseImage } = place.cluster;
      const { server } = registry;
      const own = { server, repository: "company" };
      stack.write({
        target: "existing",
        existing: { kubeconfig, registry: own, platform, dockerHost, baseImage },
        images: { mirrors: { "registry.access.redhat.com": server } },
        services,
      });
    };
    const app = (): Values => ({
      build: { git: { repository: place.git.url("app"), ref: "main" } },
      health: { live: "/", ready: "/" },
      prediction: { path: "/", body: {}, expect: { group: 0 } },
      tls: "managed",
    });
    const line = (git: Values = {}): Values => ({
      build: { git: { repository: place.ssh.url("line"), ...git } },
      health: { live: "/", ready: "/" },
      prediction: { body: { instances: [[3]] }, expect: { predictions: [7] } },
      replicas: 1,
      tls: "managed",
    });

    it("refuses a private repository that it has no key of", async () => {
      await refused(
        stack,
        ["up"],
        [
          /line\.git can't be read/,
          /why: .*Permission denied \(publickey\)/,
          /fix: git ls-remote ssh:.*services\.line\.build\.git\.credentials, set with --secret/,
        ],
      );
    });

    it("tells that a key doesn't open it where only the cluster asks", async () => {
      const builderImage = "registry.access.redhat.com/ubi9/nodejs-22:latest";
      write({ app: app(), line: line({ ref: commit, builderImage }) });
      await stack.setSecrets({ [KEY]: place.ssh.strangerKey });
      await refused(
        stack,
        ["up"],
        [
          /line\.git at [0-9a-f]{40} could not be built in the cluster/,
          /why: build Failed: FetchSourceFailed[^]*Permission denied \(publickey\)/,
          /fix: .*services\.line\.build\.git\.credentials, set with --secret; then .*rebuild' 1 --stack company/,
        ],
      );
    });

    it("builds from Git in the cluster, and serves behind a Route", async () => {
      const repository = place.privateGit.url("line");
      const token = line({ repository, credentials: { user: LOGIN.user } });
      write({ app: app(), line: line({ rebuild: 1 }), token });
      await stack.setSecrets({ [KEY]: place.ssh.key, [TOKEN]: LOGIN.password });
      const services = await stack.up();
      for (const [name, { url, image }] of Object.entries(services)) {
        assert.equal(url, `https://${name}-modelport-company.${DOMAIN}`);
        assert.match(image, new RegExp(`^${REGISTRY}/${BUILDS}/${name}@sha256:`));
        assert.equal((await ask(`${url}/`, place.authority.certificate)).status, 200);
      }
      for (const name of ["line", "token"]) {
        const { text } = await client.predict(services[name]!.url, '{"instances": [[20], [-1]]}');
        assert.equal(text, '{"predictions":[41,-1]}');
      }
    });

    it("tells by the repository's files how it is built", async () => {
      const { items } = (await place.api.get<{ items: Build[] }>(
        `/apis/build.openshift.io/v1/namespaces/${BUILDS}/builds`,
      ))!;
      const strategies = items.map(({ metadata, spec }) => [
        metadata.name.replace(/-.*/, ""),
        spec.strategy.sourceStrategy?.from.name ?? spec.strategy.dockerStrategy?.dockerfilePath,
      ]);
      const node = `${place.cluster.registry.server}/ubi9/nodejs-22:latest`;
      const expected = { app: "Dockerfile", line: node, token: node };
      assert.deepEqual(Object.fromEntries(strategies), expected);
    });

    it("has nothing to change then", async () => {
      const { stdout } = await stack.succeed(["preview", "--json"]);
      const { changeSummary } = JSON.parse(stdout) as { changeSummary: Record<string, number> };
      assert.deepEqual(Object.keys(changeSummary), ["same"], JSON.stringify(changeSummary));
    });

    it("takes it all away, and told no key", async () => {
      await stack.succeed(["down"]);
      const { items } = (await place.api.get<{ items: Stored[] }>("/api/v1/namespaces"))!;
      const left = items.filter(({ metadata }) => metadata.name.startsWith("modelport-"));
      assert.deepEqual(left, []);
      assert.deepEqual(canaries.find(place.world.printed), []);
    });
  });
}
