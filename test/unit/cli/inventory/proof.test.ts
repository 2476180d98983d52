import * as assert from "node:assert/strict";
import type { Inventory } from "../../../../cli/inventory";
import { proveEmpty } from "../../../../cli/inventory/proof";
import { page } from "../../../../cli/inventory/report";
import { formatUserError, UserError } from "../../../../local/errors";
import type { Progress } from "../../../../local/progress";

const RULE = {
  kind: "firewall rule",
  name: "k8s-1-node-http-hc",
  place: "global",
  since: "2026-11-01T00:00:00Z",
  remove: "gcloud compute firewall-rules delete k8s-1-node-http-hc --project p --quiet",
};
const EMPTY: Inventory = {
  where: "Google Cloud, project p",
  found: [],
  looked: ["networks", "firewall rules"],
  unseen: [],
};
const LEFT: Inventory = { ...EMPTY, found: [RULE] };
const REFUSED: Inventory = {
  ...EMPTY,
  looked: [],
  unseen: [
    { kinds: "networks", why: "status 403 from there: no" },
    { kinds: "routers", why: "status 403 from there: no" },
  ],
};
const HASTE = { totalMs: 500, firstPauseMs: 1, longestPauseMs: 2 };

/** What steps ended with. */
function record(): { progress: Progress; ends: string[] } {
  const ends: string[] = [];
  const step = (title: string) => ({
    update: () => undefined,
    done: (note = "") => void ends.push(`✓ ${title}: ${note}`),
    fail: (note = "") => void ends.push(`✗ ${title}${note}`),
  });
  return { progress: { step }, ends };
}

/** Gives one answer after the other, and the last one for ever. */
function answers(...list: Inventory[]): { look: () => Promise<Inventory>; asked: () => number } {
  let asked = 0;
  return {
    look: () => Promise.resolve(list[Math.min(asked++, list.length - 1)] ?? EMPTY),
    asked: () => asked,
  };
}

async function refusal(inventory: Inventory): Promise<string> {
  const { progress } = record();
  const proof = proveEmpty("prod", answers(inventory).look, progress, { ...HASTE, totalMs: 0 });
  const error: unknown = await proof.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError);
  assert.equal(error.exitCode, 1);
  return formatUserError(error);
}

describe("the proof that nothing is left of a stack", () => {
  it("says where was looked, and at how much", async () => {
    const { progress, ends } = record();
    await proveEmpty("prod", answers(EMPTY).look, progress, HASTE);
    assert.deepEqual(ends, [
      "✓ asking what is left: nothing is left in Google Cloud, project p: 2 kinds looked at",
    ]);
  });

  it("waits for lists that still name what is gone", async () => {
    const { progress } = record();
    const { look, asked } = answers(LEFT, LEFT, LEFT, EMPTY);
    await proveEmpty("prod", look, progress, { ...HASTE, totalMs: 600_000 });
    assert.equal(asked(), 4);
  });

  it("fails with a list and the commands when something stays", async () => {
    assert.equal(
      await refusal(LEFT),
      [
        "error: 1 of stack prod left in Google Cloud, project p",
        "  why: firewall rule k8s-1-node-http-hc (global, since 2026-11-01T00:00:00Z)",
        `  fix: ${RULE.remove}`,
        "       npm run down -- --stack prod   # looks again",
      ].join("\n"),
    );
  });

  it("asks more than once before it fails, and marks the step", async () => {
    const { progress, ends } = record();
    const { look, asked } = answers(LEFT);
    await assert.rejects(proveEmpty("prod", look, progress, HASTE), UserError);
    assert.ok(asked() > 1, `asked ${asked()} times`);
    assert.deepEqual(ends, ["✗ asking what is left"]);
  });

  it("fails when something could not be looked at, each cause once", async () => {
    assert.equal(
      await refusal(REFUSED),
      [
        "error: what is left of stack prod in Google Cloud, project p can't be told",
        "  why: could not look at networks, routers: status 403 from there: no",
        "  fix: log in as somebody who may list all of it, then: npm run down -- --stack prod",
        "       or without looking: npm run down -- --stack prod --no-inventory",
      ].join("\n"),
    );
  });

  it("tells both when something is left and something could not be looked at", async () => {
    const text = await refusal({ ...LEFT, unseen: REFUSED.unseen, first: "ibmcloud target -r x" });
    assert.match(text, /why: firewall rule .*\n {7}could not look at networks, routers/);
    assert.match(text, /fix: ibmcloud target -r x\n {7}gcloud compute firewall-rules delete/);
  });
});

describe("the page of an inventory", () => {
  it("lists what is there, and how it is removed", () => {
    assert.equal(
      page({ ...LEFT, found: [{ ...RULE, detail: "it is deleting" }], unseen: REFUSED.unseen }),
      [
        "Google Cloud, project p",
        "  firewall rule k8s-1-node-http-hc (global, since 2026-11-01T00:00:00Z): it is deleting",
        "  could not look at networks, routers: status 403 from there: no",
        "",
        "What `npm run down` doesn't take away goes by hand, in this order:",
        `  ${RULE.remove}`,
        "",
      ].join("\n"),
    );
  });

  it("says when there is nothing", () => {
    assert.equal(page(EMPTY), "Google Cloud, project p\n  nothing, in 2 kinds\n");
  });
});
