import assert from "node:assert/strict";
import { wayOut } from "../../../cli/causes";

/** What clouds really say, as their providers print it, and a word of the way out. */
const SAYINGS: readonly (readonly [says: string, way: RegExp])[] = [
  [
    "googleapi: Error 403: Kubernetes Engine API has not been used in project p-1 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/container.googleapis.com/overview?project=p-1 then retry.",
    /^gcloud services enable container\.googleapis\.com --project p-1 /,
  ],
  [
    "Error 403: Permission denied to enable service [dns.googleapis.com], forbidden",
    /gcloud services enable dns\.googleapis\.com/,
  ],
  [
    "googleapi: Error 403: Insufficient regional quota to satisfy request: resource \"SSD_TOTAL_GB\": request requires '300.0' and is short '50.0'.",
    /quotas.*doctor --stack prod/,
  ],
  [
    "googleapi: Error 403: Quota 'NETWORKS' exceeded.  Limit: 5.0 globally., quotaExceeded",
    /quotas/,
  ],
  ["You have reached the maximum number of service IDs for this account.", /service-id-delete/],
  ['{"errors":[{"code":"over_quota","message":"Quota exceeded"}]}', /unifiedsupport.*vpc-quotas$/],
  [
    "E501e: Classic cluster creation is not supported in regions that do not have existing classic clusters.",
    /pulumi config rm --path 'modelport:gke\.infrastructure' --stack prod/,
  ],
  [
    "denied: Your account has exceeded its image storage quota for the current month.",
    /cr plan-upgrade/,
  ],
  [
    "denied: Quota exceeded for quota metric 'Storage' and limit 'Storage per repository' of service 'artifactregistry.googleapis.com'",
    /quotas/,
  ],
  [
    "configured Kubernetes cluster is unreachable: unable to load schema information from the API server",
    /inventory --stack prod .* npm run down -- --stack prod/,
  ],
  ['oauth2: "invalid_grant" "Invalid JWT Signature."', /application-default login/],
  [
    "googleapi: Error 401: Request had invalid authentication credentials. Expected OAuth 2 access token",
    /print-access-token/,
  ],
  [
    "Request failed with status code: 400, BXNIM0415E: Provided API key could not be found.",
    /export IC_API_KEY/,
  ],
  [
    "Error creating Network: googleapi: Error 403: Required 'compute.networks.create' permission for 'projects/p-1/global/networks/n', forbidden",
    /compute\.networks\.create: docs\/targets\/gke\.md/,
  ],
];

describe("what clouds say when they refuse", () => {
  const refused = { stack: "prod", target: "gke" };

  for (const [says, way] of SAYINGS)
    it(`has a way out: ${says.slice(0, 60)}…`, () => {
      const found = wayOut(`error: 1 error occurred:\n\t* ${says}\n`, refused);
      assert.match(found ?? "nothing", way);
      assert.equal(found?.split("\n").length, 1);
    });

  it("says what ends a cluster that is gone, as its target needs it", () => {
    const way = (target: string, classic = false) =>
      wayOut("configured Kubernetes cluster is unreachable", { stack: "x", target, classic });
    for (const target of ["gke", "iks", "minikube"])
      assert.match(way(target) ?? "", /If not: npm run down -- --stack x {3}#/);
    const told = /If not: PULUMI_K8S_DELETE_UNREACHABLE=true npm run down -- --stack x/;
    assert.match(way("iks", true) ?? "", told);
    assert.match(way("existing") ?? "", told);
    assert.match(way("existing") ?? "", /--stack x --no-inventory /);
  });

  it("tells every way once, in the order of the causes", () => {
    const [, , quota, , ids] = SAYINGS.map(([says]) => says);
    const lines = wayOut(`${ids}\n${quota}\n${quota}`, refused)?.split("\n") ?? [];
    assert.deepEqual(
      lines.map((line) => /service-ids|quotas/.exec(line)?.[0]),
      ["service-ids", "quotas"],
    );
  });

  it("makes up none", () => {
    assert.equal(wayOut("resource is not ready", refused), undefined);
  });
});
