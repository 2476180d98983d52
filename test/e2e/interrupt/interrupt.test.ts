import { Worlds } from "../support/worlds";
import { existing } from "../targets/existing";
import { Campaign } from "./campaign";

const POINTS = 3;
/** `up` from nothing, `up` to another config, `down`, each in its middle. `npm run e2e:interrupt` has more, and others each time. */
const SEED = 244;

describe("a stack whose commands are killed", function () {
  this.timeout(1_200_000);
  const worlds = new Worlds();
  const campaign = new Campaign(existing, worlds, SEED, (line) => console.log(`      ${line}`));
  after(async () => {
    await campaign.close();
    await worlds.stop();
  });

  it("comes up and goes down undisturbed", () => campaign.prepare());
  for (let point = 1; point <= POINTS; point++)
    it(`comes to rest, time ${point}`, () => campaign.interrupt(`${point}.`));
  it("leaves nothing", () => campaign.finish());
});
