import type { StackConfig } from "../../../infra/config/schema";
import type { IbmConfig } from "../../../infra/config/targets/ibm";
import { stackNamespace } from "../../../infra/naming";
import {
  baseName,
  clusterName,
  pullAccount,
  pullDescription,
  stackTag,
  storageName,
} from "../../../infra/targets/ibm/names";

export type IbmStackConfig = Extract<StackConfig, { target: "iks" | "openshift" }>;

/** By what a stack's things on IBM Cloud are known, as its config alone tells it. */
export interface IbmStack {
  readonly config: IbmConfig;
  /** Of the VPC. */
  readonly name: string;
  readonly cluster: string;
  readonly account: string;
  readonly description: string;
  readonly tag: string;
  /** Name of the object storage that the stack makes; undefined where it makes none. */
  readonly storage: string | undefined;
  /** The namespace that bears the stack's name; others may be in other clusters too. */
  readonly namespace: string;
}

export function ibmStack(stack: string, config: IbmStackConfig): IbmStack {
  const section = config.target === "iks" ? config.iks : config.openshift;
  const makesStorage =
    config.target === "openshift" &&
    config.openshift.infrastructure === "vpc" &&
    config.openshift.cosInstanceCrn === undefined;
  return {
    config: section,
    name: baseName(stack),
    cluster: clusterName(stack),
    account: pullAccount(stack),
    description: pullDescription(stack, section.region),
    tag: stackTag(stack),
    storage: makesStorage ? storageName(stack, section.region) : undefined,
    namespace: stackNamespace(stack),
  };
}
