import * as assert from "node:assert/strict";
import type { ClusterInfo } from "../../../local/cluster";
import { added, eventually } from "./eventually";
import { CloudsUnderTest } from "./clouds";
import { World } from "./world";

/** A world with a cluster in it before any stack is. */
export interface ClusterWorld {
  readonly world: World;
  readonly cluster: ClusterInfo;
}

/** The worlds of a run. What takes long to make and hides nothing is made once and shared by the targets. */
export class Worlds {
  private readonly all: { world: World; before: string[] }[] = [];
  private shared: Promise<ClusterWorld> | undefined;
  private cloudy: Promise<CloudsUnderTest> | undefined;

  /** One of its own, without a cluster. */
  async bare(): Promise<World> {
    const world = await World.make();
    this.all.push({ world, before: world.traces() });
    return world;
  }

  /** A cluster that hands out addresses to Services of type LoadBalancer, and its registry. */
  withCluster(): Promise<ClusterWorld> {
    this.shared ??= this.makeCluster();
    return this.shared;
  }

  /** Simulated clouds, which have a cluster to hand out. */
  clouds(): Promise<CloudsUnderTest> {
    this.cloudy ??= this.bare().then((world) => CloudsUnderTest.start(world));
    return this.cloudy;
  }

  private async makeCluster(): Promise<ClusterWorld> {
    const world = await this.bare();
    return { world, cluster: await world.startCluster() };
  }

  /** Ends them all. @throws where one leaves something on this machine */
  async stop(): Promise<void> {
    for (const { world, before } of this.all.splice(0)) {
      await world.stop();
      await eventually(() => assert.deepEqual(added(before, world.traces()), []));
    }
  }
}
