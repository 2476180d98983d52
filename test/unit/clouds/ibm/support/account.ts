import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Balancers } from "../../../../support/clouds/balancers";
import { Authority } from "../../../../support/clouds/certificates";
import { Cloud, type CloudParts } from "../../../../support/clouds/cloud";
import type { RestAnswer } from "../../../../support/clouds/http";
import { ibm } from "../../../../support/clouds/ibm";
import { userKey } from "../../../../support/clouds/ibm/account";
import * as tokens from "../../../../support/clouds/ibm/tokens";
import type { Stored } from "../../../../support/clouds/kind";
import { Kubernetes } from "../../../../support/clouds/kubernetes";
import { Operations } from "../../../../support/clouds/operations";
import { Store } from "../../../../support/clouds/store";
import { isValues, type Values } from "../../../../support/clouds/values";
import { ownAddresses } from "../../support/addresses";
import type { ApiServer } from "../../support/api-server";

const folders: string[] = [];
process.once("exit", () =>
  folders.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })),
);

/** Taken away when the tests end. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-ibm-"));
  folders.push(folder);
  return folder;
}

/** Nobody connects with it. */
const KUBECONFIG = `
clusters: [{ name: c, cluster: { server: "https://127.0.0.1:1", certificate-authority-data: Y2E= } }]
users: [{ name: u, user: { client-certificate-data: Y2VydA==, client-key-data: a2V5 } }]
`;

/** An account of the simulated IBM Cloud, whose clock goes 100,000 times as fast as a cloud's. */
export class TestAccount {
  readonly cloud: Cloud;
  readonly operations: Operations;
  private readonly parts: CloudParts;

  /** @param api the cluster that it hands out. Default: none */
  constructor(api?: ApiServer) {
    const folder = temporaryFolder();
    const kubeconfig = api?.kubeconfig ?? path.join(folder, "kubeconfig");
    if (api === undefined) fs.writeFileSync(kubeconfig, KUBECONFIG);
    const log = () => undefined;
    const addresses = ownAddresses("ibm");
    this.parts = {
      folder,
      settings: {
        port: 1,
        kubeconfig,
        nodeAddress: "127.0.0.1",
        registry: "http://127.0.0.1:1",
        dockerHost: "unix:///nowhere",
        addresses,
        hosts: path.join(folder, "hosts"),
        latency: 1e-5,
      },
      store: new Store(path.join(folder, "state.json")),
      kubernetes: new Kubernetes(kubeconfig),
      balancers: new Balancers({ addresses, log }),
      authority: Authority.load(folder),
      log,
      caller: { environment: {}, config: { region: "us-south" } },
    };
    this.cloud = new Cloud(this.parts);
    this.operations = new Operations(ibm, this.cloud);
  }

  /** @returns the ID */
  async make(token: string, inputs: Values): Promise<string> {
    return (await this.operations.create({ token, inputs })).id;
  }

  /** Records a cluster as if it had been made, without Kubernetes behind it. */
  cluster(inputs: Values = {}, kind: string = tokens.VPC_CLUSTER): Stored {
    return this.cloud.store.put({
      kind,
      id: "c0testcluster0000000",
      inputs: { name: "modelport-test", ...inputs },
      outputs: { name: "modelport-test", region: "us-south", ...inputs },
      state: "ready",
      createdAt: this.cloud.now(),
    });
  }

  /** The same account with another factor of all times. */
  at(latency: number): Cloud {
    return new Cloud({ ...this.parts, settings: { ...this.parts.settings, latency } });
  }

  /** Puts the clock forward. */
  wait(seconds: number): void {
    const ahead = this.cloud.now() - Date.now();
    this.cloud.store.set("ahead", ahead + seconds * 1000);
  }

  /** Asks the account's REST APIs. @param url path and query, after `/ibm` */
  async ask(
    method: string,
    url: string,
    headers: Record<string, string> = {},
    body: Values = {},
  ): Promise<RestAnswer> {
    const { pathname: at, searchParams: query } = new URL(url, "http://localhost");
    return ibm.rest({ method, path: at, query, headers, body }, this.cloud);
  }

  /** The header of who has logged in. */
  async token(): Promise<{ authorization: string }> {
    const apikey = userKey(this.cloud);
    const { body } = await this.ask("POST", "/iam/identity/token", {}, { apikey });
    const token = isValues(body) ? body["access_token"] : undefined;
    return { authorization: `Bearer ${String(token)}` };
  }
}

/** Of an answer. */
export const listIn = (body: unknown, key: string): Values[] => {
  const found = isValues(body) ? body[key] : undefined;
  return Array.isArray(found) ? found.filter(isValues) : [];
};
