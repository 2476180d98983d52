import type { SimulatedCloud } from "../cloud";
import { text } from "../values";
import { address, globalAddress } from "./address";
import { cluster } from "./cluster";
import { pauseControlPlane, startControlPlane } from "./control-plane";
import {
  deployerKey,
  forgetTokens,
  issueToken,
  login,
  prepareTokens,
  sweepTokens,
} from "./credentials";
import { recordSet } from "./dns";
import { PROJECT, TOKENS } from "./names";
import { network, subnetwork } from "./network";
import { nodePool } from "./node-pool";
import { account, member, service } from "./project";
import { registries, repository } from "./repository";
import { endpoints, rest } from "./rest";
import { router, routerNat } from "./router";

/** Google Cloud, with one project. */
export const google: SimulatedCloud = {
  name: "google",
  kinds: [
    account,
    address,
    cluster,
    globalAddress,
    member,
    network,
    nodePool,
    recordSet,
    repository,
    router,
    routerNat,
    service,
    subnetwork,
  ],
  functions: {
    /** https://www.pulumi.com/registry/packages/gcp/api-docs/organizations/getclientconfig/ */
    "gcp:organizations/getClientConfig:getClientConfig": async (_, cloud) => ({
      accessToken: await issueToken(cloud),
      project: PROJECT,
    }),
  },
  login,
  rest,
  registries,
  programs: { "gke-gcloud-auth-plugin": "test/support/clouds/google/auth-plugin.ts" },
  async start(cloud) {
    await prepareTokens(cloud);
    const [running] = cloud.store.list(TOKENS.cluster);
    if (running !== undefined) {
      const { id, inputs, outputs } = running;
      await startControlPlane(cloud, { ...inputs, id }, text(outputs, "endpoint"));
    }
    return { GOOGLE_APPLICATION_CREDENTIALS: deployerKey(cloud).file, ...endpoints(cloud) };
  },
  controlled: sweepTokens,
  async stop(cloud) {
    await pauseControlPlane();
    await forgetTokens(cloud);
  },
};
