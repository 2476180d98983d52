import * as pulumi from "@pulumi/pulumi";
import { repositoryRoot } from "../local/paths";
import { readConfig } from "./config";
import { modelNames } from "./models";
import { checkBuilder, deployServices, planServices } from "./services";
import { createTarget } from "./targets";

/** The program: config → target → image → services → outputs. What can be refused is refused before anything is registered. */
export async function program(): Promise<pulumi.Inputs> {
  const root = repositoryRoot();
  const stack = pulumi.getStack();
  const config = readConfig(modelNames(root));
  const target = await createTarget(config);
  const plans = await planServices(config.services, target, root, stack);
  await checkBuilder(plans, target);

  const cluster = target.provision(stack);
  const services = deployServices(plans, target, cluster, stack);

  const first = Object.values(services)[0];
  return {
    target: target.name,
    url: first?.url,
    image: first?.image,
    services,
    kubeconfig: pulumi.secret(cluster.kubeconfig),
  };
}
