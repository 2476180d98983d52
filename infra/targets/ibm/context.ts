import type * as pulumi from "@pulumi/pulumi";
import { getResourceGroupOutput } from "@pulumi/ibm/getResourceGroup";
import { Provider as IbmProvider } from "@pulumi/ibm/provider";
import type { IbmConfig } from "../../config/targets/ibm";
import { ProgramError } from "../../errors";
import { isOffline } from "../../offline-mode";
import { API_KEY_VARIABLES, baseName, stackTag } from "./names";

/** What all parts of a cluster on IBM Cloud are made with. */
export interface IbmContext {
  readonly config: IbmConfig;
  readonly stack: string;
  /** Name of what there is one of: VPC, service ID. */
  readonly name: string;
  /** Of whatever takes tags. */
  readonly tags: string[];
  /** ID of the resource group; undefined for the account's default. */
  readonly resourceGroupId: pulumi.Output<string> | undefined;
  /** Parent and provider. */
  readonly own: { readonly parent: pulumi.Resource; readonly provider: IbmProvider };
}

/** Registers IBM Cloud's provider, which takes the API key from the environment: it stays out of the state. */
export function ibmContext(
  name: string,
  config: IbmConfig,
  stack: string,
  parent: pulumi.Resource,
): IbmContext {
  const provider = new IbmProvider(name, { region: config.region }, { parent });
  return {
    config,
    stack,
    name: baseName(stack),
    tags: ["modelport", stackTag(stack)],
    resourceGroupId:
      config.resourceGroup === undefined
        ? undefined
        : getResourceGroupOutput({ name: config.resourceGroup }, { parent, provider }).id,
    own: { parent, provider },
  };
}

/** The caller's API key. @throws ProgramError when there is none */
export function apiKey(): string {
  if (isOffline()) return "offline-secret-value";
  for (const variable of API_KEY_VARIABLES) {
    const value = process.env[variable];
    if (value !== undefined && value !== "") return value;
  }
  throw new ProgramError("there is no API key of IBM Cloud", {
    why: `neither ${API_KEY_VARIABLES.join(" nor ")} is set`,
    fix: "export IC_API_KEY=…   (one is made by `ibmcloud iam api-key-create modelport`, or at https://cloud.ibm.com/iam/apikeys)",
  });
}
