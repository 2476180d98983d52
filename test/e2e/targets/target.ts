import type { Exposure } from "../../../infra/config/service";
import type { TargetName } from "../../../infra/config/target-names";
import type { Canaries } from "../support/canaries";
import type { ClientOptions } from "../support/client";
import type { Values } from "../support/stack";
import type { World } from "../support/world";
import type { Worlds } from "../support/worlds";

/** What the one journey needs to know of a target. */
export interface Target {
  readonly name: TargetName;
  /** The stack that it is tried with. */
  readonly stack: string;
  /** All that it can do here, the default one first. */
  readonly exposures: readonly Exposure[];
  /** Makes what a user of the target has before the first `up`. @param canaries for secrets that this makes */
  prepare(worlds: Worlds, canaries: Canaries): Promise<Surroundings>;
}

export interface Surroundings {
  readonly world: World;
  /** Sections of the stack's file, by their names; `services` is the journey's. */
  readonly config: Values;
  /** What a service with an exposure is given besides. Default: nothing. */
  readonly service?: (exposure: Exposure) => Values;
  /** Secrets of the config, by path. Default: none. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Secrets of a service with an exposure, by their paths below it. Default: none. */
  readonly serviceSecrets?: (exposure: Exposure) => Readonly<Record<string, string>>;
  /** Secrets that the target makes in an update. Default: none. */
  readonly issued?: () => Promise<readonly string[]>;
  /** How the services are asked from this machine. Default: by its own names and authorities. */
  readonly client?: ClientOptions;
  /** File with an administrator's login to the stack's cluster, once that is up. */
  readonly kubeconfig: () => string;
  /** All that is there outside of this machine and could be a stack's. */
  readonly inventory: () => Promise<string[]>;
  /** What a user does before the first `up`, beside writing the config. Default: nothing. */
  readonly beforeUp?: () => Promise<void>;
  /** Ends what `prepare` began; the worlds end by themselves. Default: nothing. */
  readonly close?: () => Promise<void>;
}
