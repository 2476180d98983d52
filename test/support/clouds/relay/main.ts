/** The plugins `pulumi-resource-gcp` and `pulumi-resource-terraform-provider`; MODELPORT_CLOUD tells which. */
import gcp from "@pulumi/gcp/package.json";
import ibm from "../../../../sdks/ibm/package.json";
import { serve } from "../../../../local/providers/rpc/server";
import { RelayProvider } from "./provider";

const { MODELPORT_CLOUD: cloud, MODELPORT_CLOUDS: url } = process.env;
if (url === undefined) throw new Error("MODELPORT_CLOUDS is not set: where are the clouds?");

void serve((engine) =>
  cloud === "ibm"
    ? new RelayProvider("ibm", url, ibm.pulumi.version, engine)
    : new RelayProvider("google", url, gcp.version, engine),
);
