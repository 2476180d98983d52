import type { Cloud } from "./cloud";
import type { Values } from "./values";

/** A refusal, in the cloud's own words as its Terraform provider passes them on. */
export class CloudError extends Error {}

/** By one of a cloud's rules. */
export class RuledError<Rule extends string> extends CloudError {
  constructor(
    readonly rule: Rule,
    message: string,
  ) {
    super(message);
  }
}

/** A type of resource that a plugin offers. */
export interface Kind {
  /** Pulumi's type token. */
  readonly token: string;
  /** URL of its documentation. */
  readonly docs: string;
  /** Inputs that, changed, make it anew. */
  readonly replaceOn: readonly string[];
  /**
   * Whether a missing `name` is made up. As with bridged providers, one that was given is freed before it is used again: a replacement
   * then deletes first (pulumi-terraform-bridge, pkg/tfbridge/schema.go: nameRequiresDeleteBeforeReplace). Default: false.
   */
  readonly autoNamed?: boolean;
  /** Paths with dots, of outputs below an input's key that a preview can't know. Outputs with keys of their own need no mention. */
  readonly computed?: readonly string[];
  /** Inputs that count at creation alone: later changes of them are no difference. */
  readonly appliedOnce?: readonly string[];
  /** Faults of the inputs that the provider finds before an update begins. */
  readonly check?: (inputs: Values) => CheckFailure[];
  /** Inputs that the provider fills in, as a function of its configuration. */
  readonly defaults?: (inputs: Values, config: Values) => Values;
  /** Seconds at latency 1; tests run with a small factor. Default: 1 each. */
  readonly seconds?: {
    readonly create?: number;
    readonly update?: number;
    readonly delete?: number;
  };
  /** @throws CloudError before anything is made */
  create(inputs: Values, cloud: Cloud): Promise<Made> | Made;
  /** @returns outputs as the cloud has them now; undefined if it is gone. Default: those stored */
  read?(resource: Stored, cloud: Cloud): Values | undefined;
  /** @returns new outputs. Default: those stored, with the new inputs over them. @throws CloudError before anything is changed */
  update?(resource: Stored, inputs: Values, cloud: Cloud): Promise<Values> | Values;
  /** @throws CloudError while the cloud refuses: in use, protected */
  delete?(resource: Stored, cloud: Cloud): Promise<void> | void;
  /** What is done once the deletion's time is over and the resource is out of the store. */
  deleted?(resource: Stored, cloud: Cloud): Promise<void> | void;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface Made {
  /** As the provider has it: what `pulumi import` takes. */
  readonly id: string;
  /** Beside the inputs. */
  readonly outputs: Values;
  /** Work that goes on while the resource is listed as being created. @returns more outputs */
  readonly finish?: () => Promise<Values>;
}

/** A resource in a cloud. */
export interface Stored {
  readonly kind: string;
  readonly id: string;
  readonly inputs: Values;
  /** With the inputs. */
  readonly outputs: Values;
  readonly state: "creating" | "ready" | "deleting";
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export type CloudFunction = (inputs: Values, cloud: Cloud) => Promise<Values> | Values;
