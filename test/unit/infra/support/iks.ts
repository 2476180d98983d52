import { iks as schema, type IksConfig } from "../../../../infra/config/targets/iks";
import { iks } from "../../../../infra/targets/iks";
import type { FrontArgs } from "../../../../infra/targets/target";
import { FUNCTIONS } from "../../../../infra/offline/providers";
import { type Inputs, provisioned } from "./cloud-target";
import { run } from "./mocks";

export const NAMESPACE = "acme-models";
export const API_KEY = "callers-own-key";

export const configOf = (settings: Record<string, unknown> = {}): IksConfig =>
  schema.parse({ registryNamespace: NAMESPACE, ...settings });

interface Options {
  readonly settings?: Record<string, unknown>;
  readonly front?: Partial<FrontArgs>;
  readonly preview?: boolean;
  readonly idsKnown?: boolean;
  /** What only IBM Cloud knows of the cluster. Default: a domain with its Secret. */
  readonly domain?: Inputs;
  /** Of the API server, in an update with an Ingress. */
  readonly port?: number;
  readonly stack?: string;
}

/** What a stack of this config registers; with `front`, that of one service too. */
export function provision(options: Options = {}) {
  const { settings, front, preview = false, idsKnown = true, stack = "prod", port } = options;
  const { domain = DOMAIN_FACTS } = options;
  const login = (admin: unknown) => ({
    ...FUNCTIONS[LOGIN]?.({ admin }),
    ...(port === undefined ? {} : { host: `http://127.0.0.1:${port}`, caCertificate: "" }),
  });
  return run(() => provisioned(iks(configOf(settings)), stack, front), {
    preview,
    idsKnown,
    config: {},
    stack,
    state: { ...STATE, [VPC_CLUSTER]: () => domain, [CLASSIC_CLUSTER]: () => domain },
    functions: { [LOGIN]: ({ admin }) => login(admin) },
  });
}

const LOGIN = "ibm:index/getContainerClusterConfig:getContainerClusterConfig";
const VPC_CLUSTER = "ibm:index/containerVpcCluster:ContainerVpcCluster";
const CLASSIC_CLUSTER = "ibm:index/containerCluster:ContainerCluster";

/** What only IBM Cloud knows. */
const STATE = {
  "ibm:index/iamServiceId:IamServiceId": () => ({ iamId: "iam-ServiceId-1" }),
  "ibm:index/iamServiceApiKey:IamServiceApiKey": () => ({ apikey: "pull-key" }),
  "kubernetes:core/v1:Secret": (inputs: Inputs) => ({ data: inputs["data"] ?? CERTIFICATE }),
};

export const DOMAIN = "modelport-prod-0123-0000.us-south.containers.appdomain.cloud";
export const CERTIFICATE = { "tls.crt": "Q0VSVA==", "tls.key": "S0VZ" };

const DOMAIN_FACTS = { ingressHostname: DOMAIN, ingressSecret: "modelport-prod-0123-0000" };

/** Sets the API key that the target asks for, and puts back what was there. */
export function withApiKey(): void {
  const before = process.env["IC_API_KEY"];
  beforeEach(() => {
    process.env["IC_API_KEY"] = API_KEY;
  });
  afterEach(() => {
    if (before === undefined) delete process.env["IC_API_KEY"];
    else process.env["IC_API_KEY"] = before;
  });
}
