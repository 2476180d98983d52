import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { ClusterInfo } from "../../../local/cluster";
import { childrenOf } from "../../../local/cluster/supervisor/sandbox";
import { whenThere } from "./when-there";
import { DOMAIN, makeNamespace, type OpenShiftPlace } from "./place";
import { ask } from "./router";

/** Where networks have names. */
const NETWORKS = "/var/run/netns";

/** Last of all: what they leave on this machine and in the cluster. */
export function stopped(start: () => OpenShiftPlace): void {
  describe("when they are stopped", () => {
    let place: OpenShiftPlace;
    before(() => {
      place = start();
    });

    it("leave nothing", async () => {
      const named = networksOf(place.cluster);
      await place.openshift.stop();
      const kinds = await Promise.all(
        ["route.openshift.io", "build.openshift.io", "security.openshift.io"].map((group) =>
          whenThere(async () => (await place.api.get(`/apis/${group}`)) === undefined || undefined),
        ),
      );
      assert.equal(kinds.length, 3);
      await assert.rejects(ask(`http://app-team.${DOMAIN}/`), /ECONNREFUSED/);
      await makeNamespace(place.api, "after", false);
      const own = commandLines().filter((line) =>
        line.includes(path.join(place.world.folder, "openshift")),
      );
      assert.deepEqual(own, []);
      assert.ok(named.length > 0);
      assert.deepEqual(
        named.filter((name) => fs.existsSync(path.join(NETWORKS, name))),
        [],
      );
    });
  });
}

/** Names of the network that a cluster's pods are in. */
function networksOf({ supervisor }: ClusterInfo): string[] {
  const inside = childrenOf(supervisor.pid)
    .flatMap(childrenOf)
    .map((pid) => fs.statSync(`/proc/${pid}/ns/net`, { throwIfNoEntry: false })?.ino);
  return fs
    .readdirSync(NETWORKS)
    .filter((name) =>
      inside.includes(fs.statSync(path.join(NETWORKS, name), { throwIfNoEntry: false })?.ino),
    );
}

function commandLines(): string[] {
  return fs.readdirSync("/proc").flatMap((pid) => {
    try {
      return [fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
    } catch {
      return [];
    }
  });
}
