import * as pulumi from "@pulumi/pulumi";
import { repositoryRoot } from "../local/paths";
import { readConfig } from "./config";
import { modelNames } from "./models";
import { ONLY_CLUSTER } from "./only-cluster";
import { checkBuilder, checkImages, deployServices, planServices } from "./services";
import { createTarget } from "./targets";

/** The program: config → target → image → services → outputs. What can be refused is refused before anything is registered. */
export async function program(): Promise<pulumi.Inputs> {
  const root = repositoryRoot();
  const stack = pulumi.getStack();
  const { config, closeEnv } = await readConfig(modelNames(root), root);
  const target = await createTarget(config);
  if (process.env[ONLY_CLUSTER] !== undefined) {
    target.provision(stack);
    return {};
  }
  const plans = await planServices(config, target, root, stack);
  await checkImages(plans, target, root, stack);
  await checkBuilder(plans, target);

  const cluster = target.provision(stack);
  const services = deployServices(plans, target, cluster, stack, closeEnv);

  const first = Object.values(services)[0];
  return {
    target: target.name,
    url: first?.url,
    image: first?.image,
    services,
    kubeconfig: pulumi.secret(cluster.kubeconfig),
  };
}
