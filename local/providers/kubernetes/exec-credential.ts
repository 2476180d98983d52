/** Logins that a program gives: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
import { execFile } from "node:child_process";
import type { Plain, PlainObject } from "../rpc/properties";
import { get, getList, getMap, getString } from "./object";

/** How long before its end a token is taken as over. */
const MARGIN_MS = 30_000;

/** Tokens of one program, asked for again when they end. */
export class ExecCredential {
  #current: Promise<{ readonly token: string; readonly ends: number }> | undefined;

  /** @param exec a kubeconfig's `exec` @param cluster what the program is told of the cluster, where it wants to know */
  constructor(
    private readonly exec: PlainObject,
    private readonly cluster: PlainObject,
  ) {}

  /** @throws Error with the program's own words */
  async token(): Promise<string> {
    this.#current ??= this.#ask();
    try {
      const { token, ends } = await this.#current;
      if (Date.now() < ends - MARGIN_MS) return token;
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
    this.#current = this.#ask();
    return (await this.#current).token;
  }

  async #ask(): Promise<{ token: string; ends: number }> {
    const command = getString(this.exec, "command");
    const status = getMap(parse(command, await this.#run(command)), "status");
    const token = getString(status, "token");
    if (token === "") throw new Error(`${command} gave no token`);
    const ends = getString(status, "expirationTimestamp");
    return { token, ends: ends === "" ? Infinity : Date.parse(ends) };
  }

  /** @returns what it prints */
  #run(command: string): Promise<string> {
    const info = {
      apiVersion: getString(this.exec, "apiVersion"),
      kind: "ExecCredential",
      spec: {
        interactive: false,
        ...(get(this.exec, "provideClusterInfo") === true && { cluster: this.cluster }),
      },
    };
    const env = Object.fromEntries(
      getList(this.exec, "env").map((entry) => [
        getString(entry, "name"),
        getString(entry, "value"),
      ]),
    );
    return new Promise((resolve, reject) => {
      execFile(
        command,
        getList(this.exec, "args").map(String),
        { env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: JSON.stringify(info) } },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else if (error.code === "ENOENT")
            reject(new Error(`exec: executable ${command} not found`));
          else reject(new Error(`${command} failed: ${stderr.trim() || `exit ${error.code}`}`));
        },
      );
    });
  }
}

/** Its message would quote the text, and with it a token. */
function parse(command: string, text: string): PlainObject {
  try {
    const value = JSON.parse(text) as Plain;
    return getMap({ value }, "value");
  } catch {
    throw new Error(`${command} printed no ExecCredential`);
  }
}
