import { builds } from "./openshift/builds";
import { constraints } from "./openshift/constraints";
import { type OpenShiftPlace, startPlace } from "./openshift/place";
import { program } from "./openshift/program";
import { routes } from "./openshift/routes";
import { stopped } from "./openshift/stopped";
import { World } from "./support/world";

/**
 * The stand-ins for OpenShift's APIs, on an embedded cluster of their own: what they do that the program relies on, seen from outside. One after
 * the other: what was built is deployed, and what was deployed is routed to.
 */
describe("OpenShift's APIs on the embedded cluster", function () {
  this.timeout(600_000);
  let world: World;
  let place: OpenShiftPlace;

  before(async () => {
    world = await World.make();
    place = await startPlace(world);
  });

  after(() => world.stop());

  for (const suite of [builds, constraints, routes, program, stopped]) suite(() => place);
});
