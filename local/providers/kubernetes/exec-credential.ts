/** Logins that a program gives: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
import { execFile } from "node:child_process";
import type { Plain, PlainObject } from "../rpc/properties";
import { get, getList, getMap, getString } from "./object";

/** How long before its end a token is taken as over. */
const MARGIN_MS = 30_000;

/** How long a program may take: it may ask a cloud. */
const ANSWER_MS = 60_000;

interface Token {
  readonly token: string;
  /** ms since 1970. */
  readonly ends: number;
}

/** Tokens of one program, asked for again when they end. */
export class ExecCredential {
  #current: Token | undefined;
  #asking: Promise<Token> | undefined;

  /** @param exec a kubeconfig's `exec` @param cluster what the program is told of the cluster, where it wants to know */
  constructor(
    private readonly exec: PlainObject,
    private readonly cluster: PlainObject,
    private readonly answerMs = ANSWER_MS,
  ) {}

  /** All who want one at the same time wait for one run of the program. @throws Error with the program's own words */
  async token(): Promise<string> {
    if (this.#current !== undefined && Date.now() < this.#current.ends - MARGIN_MS)
      return this.#current.token;
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    this.#current = await this.#asking;
    return this.#current.token;
  }

  async #ask(): Promise<Token> {
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
      const child = execFile(
        command,
        getList(this.exec, "args").map(String),
        {
          env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
          timeout: this.answerMs,
        },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else if (error.code === "ENOENT")
            reject(new Error(`exec: executable ${command} not found`));
          else if (error.killed === true)
            reject(new Error(`${command} gave no token in ${this.answerMs / 1000} s`));
          else reject(new Error(`${command} failed: ${stderr.trim() || `exit ${error.code}`}`));
        },
      );
      // It has nobody to ask.
      child.stdin?.end();
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
