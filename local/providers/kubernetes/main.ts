/** The plugin `pulumi-resource-kubernetes`: `node provider-kubernetes.js <engine address>`. */
import sdk from "@pulumi/kubernetes/package.json";
import { serve } from "../rpc/server";
import { KubernetesProvider } from "./provider";

void serve((engine) => new KubernetesProvider(sdk.version, engine));
