/** The plugin `pulumi-resource-docker`: `node provider-docker.js <engine address>`. */
import sdk from "@pulumi/docker/package.json";
import { serve } from "../rpc/server";
import { DockerProvider } from "./provider";

void serve((engine) => new DockerProvider(sdk.version, engine));
