import * as assert from "node:assert/strict";
import { disableApi } from "../../../support/clouds/google/access";
import { PROJECT, TOKENS } from "../../../support/clouds/google/names";
import { endpoints } from "../../../support/clouds/google/rest";
import { at, child, text, type Values } from "../../../support/clouds/values";
import { listIn, REGION, TestProject } from "./support/project";

const COMPUTE = `/compute/compute/v1/projects/${PROJECT}`;

describe("the simulated Google Cloud's REST APIs", () => {
  let project: TestProject;
  let token: string;
  beforeEach(async () => {
    project = await TestProject.start();
    token = await project.accessToken();
  });
  afterEach(() => project.close());

  /** Of all pages. */
  async function names(url: string, key: string, scope?: string): Promise<string[]> {
    const found: Values[] = [];
    for (let page = ""; ;) {
      const joined = `${url}${page === "" ? "" : `?pageToken=${encodeURIComponent(page)}`}`;
      const { status, body } = await project.ask(joined, token);
      assert.equal(status, 200, JSON.stringify(body));
      const values = body as Values;
      found.push(
        ...listIn(scope === undefined ? values : child(child(values, "items"), scope), key),
      );
      page = text(values, "nextPageToken");
      if (page === "") return found.map((one) => text(one, "name"));
    }
  }

  it("answer nobody without a token", async () => {
    for (const wrong of [undefined, "other"]) {
      const { status, body } = await project.ask(`${COMPUTE}/global/networks`, wrong);
      assert.equal(status, 401);
      assert.equal(at(body as Values, "error.status"), "UNAUTHENTICATED");
    }
    project.cloud.faults.condition("expired", true);
    assert.equal((await project.ask(`${COMPUTE}/global/networks`, token)).status, 401);
  });

  it("say of an API that is off that it is", async () => {
    disableApi(project.cloud, "compute");
    const { status, body } = await project.ask(`${COMPUTE}/global/networks`, token);
    assert.equal(status, 403);
    assert.equal(
      listIn(child(body as Values, "error"), "details")[0]?.["reason"],
      "SERVICE_DISABLED",
    );
  });

  it("refuse another project, and what a permission is missing for", async () => {
    const other = await project.ask("/compute/compute/v1/projects/other/global/networks", token);
    assert.equal(other.status, 403);
    project.cloud.faults.condition("permission-denied", "container.clusters.list");
    const url = `/container/v1/projects/${PROJECT}/locations/-/clusters`;
    assert.equal((await project.ask(url, token)).status, 403);
  });

  it("list on pages", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f", "g"])
      await project.make(TOKENS.address, { name, region: REGION });
    const { body } = await project.ask(`${COMPUTE}/aggregated/addresses?maxResults=500`, token);
    assert.notEqual(text(body as Values, "nextPageToken"), "");
    const found = await names(`${COMPUTE}/aggregated/addresses`, "addresses", `regions/${REGION}`);
    assert.deepEqual(found, ["a", "b", "c", "d", "e", "f", "g"]);
  });

  it("name the network of what is in one, by URL, and places that have nothing", async () => {
    const network = await project.network();
    await project.subnetwork(network);
    const { body } = await project.ask(`${COMPUTE}/aggregated/subnetworks`, token);
    const items = child(body as Values, "items");
    const [subnetwork] = listIn(child(items, `regions/${REGION}`), "subnetworks");
    assert.equal(
      subnetwork?.["network"],
      `https://www.googleapis.com/compute/v1/projects/${PROJECT}/global/networks/net`,
    );
    assert.equal(at(items, "global.warning.code"), "NO_RESULTS_ON_PAGE");
    const routes = await project.ask(`${COMPUTE}/global/routes`, token);
    assert.equal(listIn(routes.body, "items").length, 2);
  });

  it("list clusters, accounts, roles, repositories and records", async () => {
    await project.cluster();
    const { body: clusters } = await project.ask(
      `/container/v1/projects/${PROJECT}/locations/-/clusters`,
      token,
    );
    assert.equal(listIn(clusters, "clusters")[0]?.["status"], "RUNNING");

    const account = await project.make(TOKENS.account, { accountId: "nodes" });
    const member = `serviceAccount:nodes@${PROJECT}.iam.gserviceaccount.com`;
    await project.make(TOKENS.member, { role: "roles/viewer", member });
    assert.ok(
      (await names(`/iam/v1/projects/${PROJECT}/serviceAccounts`, "accounts")).includes(account),
    );
    const members = async () => {
      const url = `/cloudresourcemanager/v1/projects/${PROJECT}:getIamPolicy`;
      const { body } = await project.ask(url, token, "POST");
      return listIn(body, "bindings").find(({ role }) => role === "roles/viewer")?.["members"];
    };
    assert.deepEqual(await members(), [member]);
    // An account that is gone keeps its roles.
    await project.remove(TOKENS.account, account);
    assert.deepEqual(await members(), [`deleted:${member}?uid=100000000000000000002`]);

    const repository = { location: REGION, repositoryId: "r", format: "DOCKER" };
    const id = await project.make(TOKENS.repository, repository);
    const repositories = `/artifactregistry/v1/projects/${PROJECT}/locations/${REGION}/repositories`;
    assert.deepEqual(await names(repositories, "repositories"), [id]);

    const records = `/dns/dns/v1/projects/${PROJECT}/managedZones/zone/rrsets`;
    assert.equal((await project.ask(records, token)).status, 404);
    project.cloud.record("google:managedZone", `projects/${PROJECT}/managedZones/zone`, {
      dnsName: "example.com.",
    });
    await project.make(TOKENS.recordSet, {
      managedZone: "zone",
      name: "a.example.com.",
      type: "A",
      rrdatas: ["127.0.0.9"],
    });
    assert.deepEqual(await names(records, "rrsets"), [
      "example.com.",
      "example.com.",
      "a.example.com.",
    ]);
  });

  it("are where the variables say", async () => {
    for (const url of Object.values(endpoints(project.cloud))) {
      const { pathname } = new URL(`${url}projects/${PROJECT}/nothing`);
      const { status } = await project.ask(pathname.replace("/google", ""), token);
      assert.equal(status, 404, url);
    }
  });
});
