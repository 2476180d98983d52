import assert from "node:assert/strict";
import { runCampaign } from "./campaign";
import { renderFinding, renderReport } from "./report";

const CASES = 20_000;
/** The same cases each time: `npm run fuzz` looks for new ones. */
const SEED = 4;

describe("malformed requests against the server as it is deployed", function () {
  this.timeout(600_000);

  it(`${CASES} of them: it lives, answers none with 5xx, stays in step and right, its memory flat`, async () => {
    const seed = Number(process.env["FUZZ_SEED"] ?? SEED);
    const report = await runCampaign({ count: CASES, seed });
    const { findings } = report;
    const [problem] = findings.kept;
    assert.equal(
      findings.violations,
      0,
      `${problem === undefined ? "" : renderFinding(problem)}\n${renderReport(report, seed)}`,
    );
    assert.equal(findings.cases, CASES * report.passes, `seed ${seed}`);
    assert.ok(findings.golden > CASES / 100, `${findings.golden} right requests in between`);
  });
});
