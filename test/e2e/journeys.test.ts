import { Journey } from "./journey";
import { worlds } from "./support/shared-worlds";
import { targets } from "./targets";

/** As `npm run e2e -- --target <name>`, one after the other. */
describe("every target, from nothing to a served model and back", function () {
  this.timeout(600_000);

  for (const target of targets)
    describe(target.name, () => {
      const journey = new Journey(target, worlds);
      after(() => journey.close());
      for (const { name, run } of journey.steps) it(name, run);
    });
});
