import * as assert from "node:assert/strict";
import * as path from "node:path";
import { type GitServer, serveGit } from "../../support/git-server";
import { Canaries } from "../support/canaries";
import type { CloudsUnderTest } from "../support/clouds";
import { added, eventually } from "../support/eventually";
import { refused } from "../support/refusal";
import { worlds } from "../support/shared-worlds";
import { StackUnderTest } from "../support/stack";
import { openshift } from "../targets/openshift";
import type { Surroundings } from "../targets/target";

const SERVER = `
const server = require("node:http").createServer((_, response) => response.end('{"answer": 42}'));
server.listen(8080);
process.once("SIGTERM", () => server.close(() => process.exit(0)));
`;

/** What a build in the cluster, from a private repository, can't do. */
describe("a stack on openshift says why it can't be built from Git", function () {
  this.timeout(1_200_000);
  const canaries = new Canaries();
  const token = canaries.plant("token of the repository");
  let clouds: CloudsUnderTest;
  let place: Surroundings;
  let stack: StackUnderTest;
  let git: GitServer;
  let inventory: string[];

  const write = (repository: string) => {
    const build = { git: { repository, strategy: "docker", credentials: { user: "ci" } } };
    const service = { build, exposure: "Route", replicas: 1, health: { live: "/", ready: "/" } };
    const prediction = { path: "/", body: {}, expect: { answer: 42 } };
    stack.write({ ...place.config, services: { app: { ...service, prediction } } });
  };
  const dockerfile = (file: string) =>
    `FROM ${clouds.cluster.baseImage}\nCOPY ${file} /app/\nCMD ["/app/server.js"]\n`;
  const setToken = (value: string) =>
    stack.setSecrets({ "services.app.build.git.credentials.token": value });

  // A case that fails must not hold the cluster.
  after(() => stack.modelport(["down"]));

  before(async () => {
    clouds = await worlds.clouds();
    place = await openshift.prepare(worlds, canaries);
    inventory = await place.inventory();
    stack = new StackUnderTest(clouds.world, openshift.stack);
    git = await serveGit({
      folder: path.join(clouds.world.folder, "git"),
      login: { user: "ci", password: token },
      authority: clouds.authority,
    });
    clouds.world.defer(() => git.close());
    git.commit("app", {
      Dockerfile: dockerfile("serve.js"),
      "server.js": SERVER,
    });
    write(git.url("app"));
    await stack.pulumi("stack", "select", "--create");
  });

  it("a repository that isn't there", async () => {
    write(git.url("apq"));
    await setToken(token);
    const says = [/apq\.git can't be read/, /not found/, /fix: git ls-remote https:/];
    await refused(stack, ["up"], says);
  });

  it("a repository that doesn't let us in", async () => {
    write(git.url("app"));
    await setToken(canaries.plant("wrong token"));
    const says = [
      /app\.git can't be read/,
      /could not read Username|Authentication failed/,
      /credentials, set with --secret/,
    ];
    await refused(stack, ["up"], says);
  });

  it("a Dockerfile that copies what isn't there", async () => {
    await setToken(token);
    await refused(stack, ["up"], [/COPY failed.*serve\.js/, /fix: /]);
  });

  it("and serves once a commit mends it", async () => {
    git.commit("app", { Dockerfile: dockerfile("server.js") });
    // The update itself asks for the answer.
    await stack.succeed(["up"]);
  });

  it("and is taken away all the same", async () => {
    await stack.pulumi("stack", "export");
    await stack.succeed(["down"]);
    await eventually(async () => assert.deepEqual(added(inventory, await place.inventory()), []));
    assert.deepEqual(canaries.find(clouds.world.printed), []);
  });
});
