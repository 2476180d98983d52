import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { freePort } from "../../../../support/environment";
import { Balancers } from "../../../../support/clouds/balancers";
import { Authority } from "../../../../support/clouds/certificates";
import { Cloud } from "../../../../support/clouds/cloud";
import { google } from "../../../../support/clouds/google";
import { enableApi } from "../../../../support/clouds/google/access";
import { PROJECT, TOKENS } from "../../../../support/clouds/google/names";
import type { RestAnswer } from "../../../../support/clouds/http";
import { Kubernetes } from "../../../../support/clouds/kubernetes";
import { Operations } from "../../../../support/clouds/operations";
import { Store } from "../../../../support/clouds/store";
import { isValues, type Values } from "../../../../support/clouds/values";
import { ownAddresses } from "../../support/addresses";
import { ApiServer } from "../../support/api-server";

const APIS = ["artifactregistry", "cloudresourcemanager", "compute", "container", "dns", "iam"];

export const REGION = "us-central1";

/** A key that was made for another project, as making one takes a while. */
let knownKey: string | undefined;

/** The simulated Google Cloud's project with its APIs on, whose clock goes 100,000 times as fast as a cloud's. */
export class TestProject {
  private constructor(
    readonly cloud: Cloud,
    readonly operations: Operations,
    readonly api: ApiServer,
  ) {}

  static async start(): Promise<TestProject> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-google-"));
    const api = await ApiServer.start(folder);
    const log = () => undefined;
    const addresses = ownAddresses("google");
    const cloud = new Cloud({
      folder,
      settings: {
        port: await freePort(),
        kubeconfig: api.kubeconfig,
        nodeAddress: "127.0.0.1",
        registry: "http://127.0.0.1:1",
        dockerHost: "unix:///nowhere",
        addresses,
        hosts: path.join(folder, "hosts"),
        latency: 1e-5,
      },
      store: new Store(path.join(folder, "state.json")),
      kubernetes: new Kubernetes(api.kubeconfig),
      balancers: new Balancers({ addresses, log }),
      authority: Authority.load(folder),
      log,
    });
    for (const name of APIS) enableApi(cloud, name);
    const keyFile = path.join(folder, "service-account.json");
    if (knownKey !== undefined) fs.writeFileSync(keyFile, knownKey);
    await google.start(cloud);
    knownKey ??= fs.readFileSync(keyFile, "utf8");
    fs.writeFileSync(
      keyFile,
      knownKey.replace(/"token_uri": "[^"]*"/, `"token_uri": "${cloud.url}/google/token"`),
    );
    return new TestProject(cloud, new Operations(google, cloud), api);
  }

  async close(): Promise<void> {
    await google.stop(this.cloud);
    await this.cloud.balancers.closeAll();
    await this.api.close();
    fs.rmSync(this.cloud.folder, { recursive: true });
  }

  /** @returns the id */
  async make(token: string, inputs: Values): Promise<string> {
    const { id } = await this.operations.create({ token, inputs: { project: PROJECT, ...inputs } });
    return id;
  }

  remove(token: string, id: string): Promise<void> {
    return this.operations.remove({ token, id });
  }

  async network(): Promise<string> {
    return this.make(TOKENS.network, { name: "net", autoCreateSubnetworks: false });
  }

  async subnetwork(network: string, inputs: Values = {}): Promise<string> {
    return this.make(TOKENS.subnetwork, {
      name: "nodes",
      region: REGION,
      network,
      ipCidrRange: "10.0.0.0/20",
      secondaryIpRanges: [
        { rangeName: "pods", ipCidrRange: "10.4.0.0/14" },
        { rangeName: "services", ipCidrRange: "10.8.0.0/20" },
      ],
      ...inputs,
    });
  }

  /** With all that it needs. */
  async cluster(inputs: Values = {}): Promise<string> {
    const network = await this.network();
    const subnetwork = await this.subnetwork(network);
    return this.make(TOKENS.cluster, {
      name: "c",
      location: REGION,
      network,
      subnetwork,
      deletionProtection: false,
      ipAllocationPolicy: {
        clusterSecondaryRangeName: "pods",
        servicesSecondaryRangeName: "services",
      },
      ...inputs,
    });
  }

  /** Asks the REST API. @param url path and query, after `/google` */
  async ask(url: string, token?: string, method = "GET"): Promise<RestAnswer> {
    const { pathname, searchParams: query } = new URL(url, "http://localhost");
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return google.rest({ method, path: pathname, query, headers, body: {} }, this.cloud);
  }

  /** What a plugin's caller has. */
  async accessToken(): Promise<string> {
    const token = "gcp:organizations/getClientConfig:getClientConfig";
    return String((await this.operations.invoke({ token, inputs: {} }))["accessToken"]);
  }
}

/** Items of a list in an answer. */
export function listIn(body: unknown, key: string): Values[] {
  const found = isValues(body) ? body[key] : undefined;
  return Array.isArray(found) ? found.filter(isValues) : [];
}
