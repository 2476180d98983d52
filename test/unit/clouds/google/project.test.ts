import * as assert from "node:assert/strict";
import { disableApi } from "../../../support/clouds/google/access";
import { PROJECT, TOKENS } from "../../../support/clouds/google/names";
import { REGION, TestProject } from "./support/project";

const EMAIL = "nodes@simulated-project.iam.gserviceaccount.com";

describe("the simulated Google Cloud's project", () => {
  let project: TestProject;
  beforeEach(async () => {
    project = await TestProject.start();
  });
  afterEach(() => project.close());

  const account = () => project.make(TOKENS.account, { accountId: "nodes" });
  const role = () =>
    project.make(TOKENS.member, {
      role: "roles/artifactregistry.reader",
      member: `serviceAccount:${EMAIL}`,
    });

  it("does nothing with an API that is off, until it is enabled", async () => {
    disableApi(project.cloud, "compute");
    await assert.rejects(
      project.network(),
      /^Error: Error creating Network: googleapi: Error 403: Compute Engine API has not been used in project simulated-project before or it is disabled\..*, accessNotConfigured$/,
    );
    const service = "compute.googleapis.com";
    const id = await project.make(TOKENS.service, { service, disableOnDestroy: false });
    const network = await project.network();
    await project.remove(TOKENS.network, network);
    // What was enabled so stays.
    await project.remove(TOKENS.service, id);
    await project.network();
  });

  it("disables an API whose resource goes, unless it is told not to", async () => {
    const service = "compute.googleapis.com";
    const id = await project.make(TOKENS.service, { service });
    await project.remove(TOKENS.service, id);
    await assert.rejects(project.network(), /Compute Engine API has not been used/);
  });

  it("keeps an API off while the condition holds", async () => {
    project.cloud.faults.condition("api-disabled", "container");
    await assert.rejects(project.cluster(), /Kubernetes Engine API has not been used in project/);
  });

  it("knows one project", async () => {
    const inputs = { project: "another", name: "n" };
    await assert.rejects(
      project.make(TOKENS.network, inputs),
      /Required 'compute.networks.create' permission for 'projects\/another\/global\/networks\/n', forbidden/,
    );
    await assert.rejects(
      project.make(TOKENS.service, { project: "another", service: "iam.googleapis.com" }),
      /Permission denied to enable service \[iam.googleapis.com\]/,
    );
  });

  it("does not see an account right after it was made", async () => {
    const making = account();
    await assert.rejects(role(), {
      message: `Error applying IAM policy for project "${PROJECT}": Error setting IAM policy for project "${PROJECT}": googleapi: Error 400: Service account ${EMAIL} does not exist., badRequest`,
    });
    await making;
    await role();
  });

  it("refuses an account that is there", async () => {
    await account();
    await assert.rejects(account(), {
      message:
        "Error creating service account: googleapi: Error 409: Service account nodes already exists within project projects/simulated-project., alreadyExists",
    });
  });

  it("makes records in zones that are there, once", async () => {
    const inputs = {
      managedZone: "zone",
      name: "a.example.com.",
      type: "A",
      ttl: 300,
      rrdatas: ["127.0.0.9"],
    };
    await assert.rejects(
      project.make(TOKENS.recordSet, inputs),
      /The 'parameters.managedZone' resource named 'zone' does not exist\., notFound/,
    );
    project.cloud.record("google:managedZone", `projects/${PROJECT}/managedZones/zone`, {});
    await project.make(TOKENS.recordSet, inputs);
    await assert.rejects(
      project.make(TOKENS.recordSet, inputs),
      /The resource 'entity.change.additions\[a.example.com.\]\[A\]' named 'a.example.com. \(A\)' already exists/,
    );
  });

  it("refuses a repository that is there", async () => {
    const inputs = { location: REGION, repositoryId: "r", format: "DOCKER" };
    await project.make(TOKENS.repository, inputs);
    await assert.rejects(project.make(TOKENS.repository, inputs), {
      message: "Error creating Repository: googleapi: Error 409: the repository already exists",
    });
  });
});
