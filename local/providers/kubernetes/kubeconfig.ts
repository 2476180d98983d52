/** Which cluster, as whom: a kubeconfig given as path or text, else $KUBECONFIG, else ~/.kube/config. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { isMap, type Plain, type PlainObject } from "../rpc/properties";
import { ExecCredential } from "./exec-credential";
import { get, getList, getMap, getString } from "./object";

export interface Connection {
  server: string;
  /** PEM. */
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  token?: string;
  /** Gives tokens, where there is none. */
  exec?: ExecCredential;
  tlsServerName?: string;
  insecureSkipTlsVerify: boolean;
  /** Of the context; "" when it names none. */
  namespace: string;
}

export interface Overrides {
  context?: string | undefined;
  cluster?: string | undefined;
}

/** A parsed kubeconfig, and the folder its relative file names start from. */
export interface Kubeconfig {
  content: PlainObject;
  folder: string;
}

/** @throws Error when the text is no kubeconfig */
export async function loadKubeconfig(pathOrContent: string | undefined): Promise<Kubeconfig> {
  if (pathOrContent !== undefined && pathOrContent !== "") {
    const file = expandHome(pathOrContent);
    if (isFile(file)) return readKubeconfig(file);
    return { content: await parse(pathOrContent), folder: process.cwd() };
  }
  const files = ambientFiles().filter(isFile);
  const [first, ...rest] = await Promise.all(files.map(readKubeconfig));
  if (first === undefined)
    throw new Error("no configuration has been provided, and there is no kubeconfig file");
  // Of several files in $KUBECONFIG the first to set a value wins.
  for (const { content } of rest)
    for (const list of ["clusters", "contexts", "users"])
      first.content[list] = [...getList(first.content, list), ...getList(content, list)];
  for (const { content } of rest)
    if (getString(first.content, "current-context") === "")
      first.content["current-context"] = get(content, "current-context") ?? "";
  return first;
}

/** The entry of the cluster in use; undefined when context or cluster does not exist. */
export function activeCluster(
  { content }: Kubeconfig,
  overrides: Overrides,
): PlainObject | undefined {
  const context = activeContext(content, overrides);
  const name = overrides.cluster ?? getString(context, "cluster");
  return named(content, "clusters", name, "cluster");
}

/** @throws Error naming what is missing or not supported */
export function connect(kubeconfig: Kubeconfig, overrides: Overrides): Connection {
  const { content, folder } = kubeconfig;
  const contextName = overrides.context ?? getString(content, "current-context");
  const context = activeContext(content, overrides);
  if (context === undefined)
    throw new Error(
      contextName === "" ? "no current-context is set" : `context "${contextName}" does not exist`,
    );
  const cluster = activeCluster(kubeconfig, overrides);
  if (cluster === undefined)
    throw new Error(
      `cluster "${overrides.cluster ?? getString(context, "cluster")}" does not exist`,
    );
  const server = getString(cluster, "server");
  if (!URL.canParse(server)) throw new Error(`"${server}" is not a server address`);
  const userName = getString(context, "user");
  const user = named(content, "users", userName, "user") ?? {};
  for (const unsupported of ["auth-provider", "username"])
    if (get(user, unsupported) !== undefined)
      throw new Error(
        `user "${userName}" signs in by "${unsupported}", which this stand-in for the Kubernetes provider does not do`,
      );
  if (getString(cluster, "proxy-url") !== "")
    throw new Error("a proxy-url leads away from this machine, where a stand-in must not go");
  const pem = (object: PlainObject, name: string): Buffer | undefined => {
    const data = getString(object, `${name}-data`);
    if (data !== "") return Buffer.from(data, "base64");
    const file = getString(object, name);
    return file === "" ? undefined : fs.readFileSync(path.resolve(folder, file));
  };
  const ca = pem(cluster, "certificate-authority");
  const cert = pem(user, "client-certificate");
  const key = pem(user, "client-key");
  const tokenFile = getString(user, "tokenFile");
  const token =
    tokenFile === ""
      ? getString(user, "token")
      : fs.readFileSync(path.resolve(folder, tokenFile), "utf8").trim();
  const exec = get(user, "exec");
  const tlsServerName = getString(cluster, "tls-server-name");
  return {
    server,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(token !== "" && { token }),
    ...(isMap(exec) && { exec: new ExecCredential(exec, cluster) }),
    ...(tlsServerName !== "" && { tlsServerName }),
    insecureSkipTlsVerify: get(cluster, "insecure-skip-tls-verify") === true,
    namespace: getString(context, "namespace"),
  };
}

function activeContext(content: PlainObject, overrides: Overrides): PlainObject | undefined {
  const name = overrides.context ?? getString(content, "current-context");
  return named(content, "contexts", name, "context");
}

function named(
  content: PlainObject,
  list: string,
  name: string,
  field: string,
): PlainObject | undefined {
  const entry = getList(content, list).find((item) => getString(item, "name") === name);
  return entry === undefined ? undefined : getMap(entry, field);
}

async function readKubeconfig(file: string): Promise<Kubeconfig> {
  const content = await parse(await fs.promises.readFile(file, "utf8"));
  return { content, folder: path.dirname(path.resolve(file)) };
}

async function parse(text: string): Promise<PlainObject> {
  let value: Plain;
  try {
    value = text.trimStart().startsWith("{")
      ? (JSON.parse(text) as Plain)
      : ((await import("yaml")).parse(text) as Plain);
  } catch {
    // The parser's message would quote the text, and with it a token or a key.
    throw new Error("it is neither valid YAML nor JSON");
  }
  if (!isMap(value))
    throw new Error("it is neither the path of an existing file nor the text of a kubeconfig");
  return value;
}

function ambientFiles(): string[] {
  const variable = process.env["KUBECONFIG"];
  if (variable !== undefined && variable !== "")
    return variable.split(path.delimiter).filter((file) => file !== "");
  return [path.join(os.homedir(), ".kube", "config")];
}

function expandHome(file: string): string {
  return file === "~" || file.startsWith("~/") ? path.join(os.homedir(), file.slice(1)) : file;
}

function isFile(file: string): boolean {
  // The text of a kubeconfig is too long, or has bytes no file name has: that is no file.
  try {
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
