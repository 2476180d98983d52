import { API_KEY_VARIABLES, REGISTRY_HOSTS } from "../../../infra/targets/ibm/names";
import { lookAt, type Inventory } from "../found";
import { Memory } from "../memory";
import { accessLooks } from "./access";
import { IbmApi, usualEndpoints } from "./api";
import { clusterList, clusterLook, poolLooks } from "./clusters";
import { namespaceLooks } from "./registry";
import { ibmStack, type IbmStackConfig } from "./stack";
import { storageLooks } from "./storage";
import { vpcLooks } from "./vpc";

/** What IBM Cloud holds of a stack. What config names as somebody else's doesn't count: a registry namespace, an object storage. */
export async function ibmInventory(
  name: string,
  config: IbmStackConfig,
  env: NodeJS.ProcessEnv = process.env,
  memory: Memory = new Memory(),
): Promise<Inventory> {
  const stack = ibmStack(name, config);
  const { region } = stack.config;
  const keys = API_KEY_VARIABLES.map((variable) => env[variable]);
  const key = keys.find((value) => value !== undefined && value !== "") ?? "";
  const api = new IbmApi(key, usualEndpoints(region, REGISTRY_HOSTS[region]), env);
  const clusters = clusterList(api, stack);
  const inventory = await lookAt(`IBM Cloud, region ${region}`, [
    ...poolLooks(api, stack, memory, clusters),
    clusterLook(stack, memory, clusters),
    ...vpcLooks(api, stack, memory, clusters),
    ...storageLooks(api, stack),
    ...accessLooks(api, stack),
    ...namespaceLooks(api, stack),
  ]);
  return { ...inventory, first: `ibmcloud target -r ${region}` };
}
