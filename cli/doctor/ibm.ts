/** What a stack on IBM Cloud needs here. Nothing is asked of IBM: a key that is there may still lack a role. */
import { executable, type Finding, firstSet, type Surroundings } from "./finding";

/** As the provider reads them: https://registry.terraform.io/providers/IBM-Cloud/ibm/latest/docs */
const API_KEYS = ["IC_API_KEY", "IBMCLOUD_API_KEY"];
const CLASSIC_USERS = ["IAAS_CLASSIC_USERNAME", "SL_USERNAME", "SOFTLAYER_USERNAME"];
const CLASSIC_KEYS = ["IAAS_CLASSIC_API_KEY", "SL_API_KEY", "SOFTLAYER_API_KEY"];

/** @param classic whether the stack is on classic infrastructure, which has credentials of its own */
export function ibmCredentials(classic: boolean, { env }: Surroundings): Finding[] {
  const key = variable(env, API_KEYS);
  const findings: Finding[] = [
    key === undefined
      ? {
          name: "IBM Cloud",
          state: "missing",
          detail: "no API key: IC_API_KEY is not set",
          fix: "ibmcloud iam api-key-create modelport --file key.json, then export IC_API_KEY; or https://cloud.ibm.com/iam/apikeys",
        }
      : { name: "IBM Cloud", state: "good", detail: key },
  ];
  if (!classic) return findings;
  const user = variable(env, CLASSIC_USERS);
  const own = variable(env, CLASSIC_KEYS);
  findings.push(
    user === undefined || own === undefined
      ? {
          name: "IBM classic",
          state: "missing",
          detail: "classic infrastructure wants a user and a key of its own",
          fix: "export IAAS_CLASSIC_USERNAME and IAAS_CLASSIC_API_KEY: https://cloud.ibm.com/docs/account?topic=account-classic_keys",
        }
      : { name: "IBM classic", state: "good", detail: `${user}, ${own}` },
  );
  return findings;
}

function variable(env: NodeJS.ProcessEnv, names: readonly string[]): string | undefined {
  const found = firstSet(env, names);
  return found === undefined ? undefined : `$${found}`;
}

export function ibmTools(surroundings: Surroundings): Finding[] {
  return [
    executable(surroundings, "ibmcloud", {
      state: "optional",
      detail: "not on PATH; only for looking around",
      fix: "https://cloud.ibm.com/docs/cli",
    }),
  ];
}
