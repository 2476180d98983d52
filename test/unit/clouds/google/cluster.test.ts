import * as assert from "node:assert/strict";
import * as https from "node:https";
import { TOKENS } from "../../../support/clouds/google/names";
import { REGION, TestProject } from "./support/project";

const EMAIL = "nodes@simulated-project.iam.gserviceaccount.com";
const NODES = { serviceAccount: EMAIL };
const DEFINITION =
  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/managedcertificates.networking.gke.io";
const BINDING = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/google-user";

describe("the simulated Google Cloud's clusters", () => {
  let project: TestProject;
  beforeEach(async () => {
    project = await TestProject.start();
  });
  afterEach(() => project.close());

  const pool = (inputs = {}) =>
    project.make(TOKENS.nodePool, { name: "p", cluster: "c", location: REGION, ...inputs });

  it("hand out the embedded one, with Google's kinds and rights for its users, and take it back", async () => {
    const id = await project.cluster();
    const { outputs } = project.cloud.store.find(TOKENS.cluster, id)!;
    const ask = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { rejectUnauthorized: false, agent: false };
        https
          .get(`https://${String(outputs["endpoint"])}/api/v1/namespaces`, options, (response) =>
            resolve(response.resume().statusCode),
          )
          .once("error", reject);
      });
    assert.equal(await ask(), 200);
    assert.ok(project.api.objects.has(DEFINITION));
    assert.ok(project.api.objects.has(BINDING));
    await project.remove(TOKENS.cluster, id);
    assert.ok(!project.api.objects.has(DEFINITION));
    assert.ok(!project.api.objects.has(BINDING));
    await assert.rejects(ask(), /ECONNREFUSED/);
  });

  it("refuse to go while deletion_protection is set in the state", async () => {
    const id = await project.cluster({ deletionProtection: true });
    const message =
      "Cannot destroy cluster because deletion_protection is set to true. Set it to false to proceed with cluster deletion.";
    await assert.rejects(project.remove(TOKENS.cluster, id), { message });
    const inputs = project.cloud.store.find(TOKENS.cluster, id)!.inputs;
    await project.operations.update({
      token: TOKENS.cluster,
      id,
      inputs: { ...inputs, deletionProtection: false },
    });
    await project.remove(TOKENS.cluster, id);
  });

  it("are protected where nothing was said", async () => {
    const id = await project.cluster({ deletionProtection: undefined });
    await assert.rejects(project.remove(TOKENS.cluster, id), /deletion_protection is set to true/);
  });

  it("want a region for Autopilot", async () => {
    await assert.rejects(project.cluster({ enableAutopilot: true, location: `${REGION}-b` }), {
      message: "googleapi: Error 400: Autopilot clusters must be regional clusters., badRequest",
    });
  });

  it("want ranges that the subnetwork has", async () => {
    await assert.rejects(
      project.cluster({ ipAllocationPolicy: { clusterSecondaryRangeName: "none" } }),
      /Secondary range "none" does not exist in network/,
    );
  });

  it("refuse a name that is taken, and a second cluster", async () => {
    const id = await project.cluster();
    const { inputs } = project.cloud.store.find(TOKENS.cluster, id)!;
    await assert.rejects(project.make(TOKENS.cluster, inputs), {
      message: `googleapi: Error 409: Already exists: ${id}., alreadyExists`,
    });
    await assert.rejects(
      project.make(TOKENS.cluster, { ...inputs, name: "d" }),
      /has one cluster to hand out/,
    );
  });

  it("want an account that is seen, and that the caller may use", async () => {
    const message = `googleapi: Error 400: The user does not have access to service account "${EMAIL}". Ask a project owner to grant you the iam.serviceAccountUser role on the service account., badRequest`;
    await assert.rejects(project.cluster({ nodeConfig: NODES }), { message });
    await project.make(TOKENS.account, { accountId: "nodes" });
    const [net] = project.cloud.store.list(TOKENS.network);
    const [subnetwork] = project.cloud.store.list(TOKENS.subnetwork);
    const inputs = {
      name: "c",
      location: REGION,
      network: net?.id,
      subnetwork: subnetwork?.id,
      nodeConfig: NODES,
    };
    project.cloud.faults.condition("permission-denied", "iam.serviceAccounts.actAs");
    await assert.rejects(project.make(TOKENS.cluster, inputs), { message });
    project.cloud.faults.clear();
    await project.make(TOKENS.cluster, inputs);
  });

  it("are refused while the quota is used up", async () => {
    project.cloud.faults.condition("quota", "SSD_TOTAL_GB");
    await assert.rejects(
      project.cluster(),
      /googleapi: Error 403: Insufficient regional quota to satisfy request: resource "SSD_TOTAL_GB": request requires '300.0' and is short '50.0'/,
    );
  });

  it("refuse pools that Autopilot has no use for", async () => {
    await project.cluster({ enableAutopilot: true });
    await assert.rejects(pool(), {
      message:
        "error creating NodePool: googleapi: Error 400: Autopilot node pools cannot be accessed or modified., badRequest",
    });
  });

  it("have pools where they are there themselves, which go with them", async () => {
    await assert.rejects(pool(), {
      message: `error creating NodePool: googleapi: Error 404: Not found: projects/simulated-project/locations/${REGION}/clusters/c., notFound`,
    });
    const id = await project.cluster({ removeDefaultNodePool: true });
    await pool();
    await assert.rejects(pool(), /Already exists: .*\/nodePools\/p\., alreadyExists/);
    await project.remove(TOKENS.cluster, id);
    assert.deepEqual(project.cloud.store.list(TOKENS.nodePool), []);
  });

  it("leave behind what is noted of the objects that were still in them", async () => {
    const id = await project.cluster();
    project.api.put("/api/v1/namespaces/team", {});
    project.api.put("/apis/apps/v1/namespaces/team/deployments/web", {});
    await project.remove(TOKENS.cluster, id);
    assert.deepEqual(project.cloud.store.get("leftovers"), [
      "Namespace team",
      "Deployment team/web",
    ]);
    assert.ok(!project.api.objects.has("/api/v1/namespaces/team"));
  });
});
