import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { LookupFunction } from "node:net";
import * as dns from "node:dns";
import { setTimeout as sleep } from "node:timers/promises";

export interface ClientOptions {
  /** Names to know besides the machine's own, in the format of /etc/hosts. Default: none. */
  readonly hosts?: string | undefined;
  /** File of the authorities to trust, PEM. Default: the machine's. */
  readonly authorities?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 60_000;

/** Whoever asks a service for predictions: each request on a connection of its own. */
export class Client {
  constructor(private readonly options: ClientOptions = {}) {}

  /** @param key API key. Default: none */
  predict(url: string, body: string, key?: string): Promise<Answer> {
    const target = new URL(`${url.replace(/\/+$/, "")}/predict`);
    const { authorities } = this.options;
    const headers = {
      "content-type": "application/json",
      ...(key === undefined ? {} : { "x-api-key": key }),
    };
    const options: https.RequestOptions = {
      method: "POST",
      headers,
      agent: false,
      lookup: this.lookup,
      timeout: TIMEOUT_MS,
      ...(authorities === undefined ? {} : { ca: fs.readFileSync(authorities) }),
    };
    return new Promise((resolve, reject) => {
      const send = target.protocol === "https:" ? https.request : http.request;
      const request = send(target, options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("error", reject);
        response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.once("timeout", () => request.destroy(new Error(`${target.href} is silent`)));
      request.once("error", reject).end(body);
    });
  }

  private readonly lookup: LookupFunction = (name, options, callback) => {
    const address = this.known(name);
    if (address === undefined) dns.lookup(name, options, callback);
    else if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };

  private known(name: string): string | undefined {
    if (this.options.hosts === undefined) return undefined;
    const lines = fs.readFileSync(this.options.hosts, "utf8").split("\n");
    const found = lines
      .map((line) => line.trim().split(/\s+/))
      .find((words) => words.indexOf(name) > 0);
    return found?.[0];
  }
}

interface Prediction {
  readonly label: string;
  readonly probabilities: readonly number[];
}

interface Golden {
  readonly tolerance: number;
  readonly requests: readonly { readonly instance: unknown; readonly prediction: Prediction }[];
}

/** What a model's service answers with. */
export interface Predictions {
  readonly model: string;
  readonly version: string;
  readonly predictions: readonly Prediction[];
}

/** Whether a service answers as the framework did that trained the model. @param file a version's golden.json */
export async function assertGolden(
  client: Client,
  url: string,
  file: string,
  key?: string,
): Promise<Predictions> {
  const { requests, tolerance } = JSON.parse(fs.readFileSync(file, "utf8")) as Golden;
  const body = JSON.stringify({ instances: requests.map(({ instance }) => instance) });
  const { status, text } = await client.predict(url, body, key);
  assert.equal(status, 200, `${url}: ${text}`);
  const answer = JSON.parse(text) as Predictions;
  assert.equal(answer.predictions.length, requests.length, url);
  for (const [row, { prediction }] of requests.entries()) {
    const got = answer.predictions[row]!;
    assert.equal(got.label, prediction.label, `${url}, row ${row}`);
    for (const [column, probability] of prediction.probabilities.entries()) {
      const difference = Math.abs(got.probabilities[column]! - probability);
      assert.ok(difference <= tolerance, `${url}, row ${row}, column ${column}: ${difference}`);
    }
  }
  return answer;
}

export interface Load {
  readonly answered: number;
  readonly failures: readonly string[];
}

/** One request after the other, until stopped. */
export function startLoad(
  client: Client,
  url: string,
  body: string,
  key?: string,
): { stop(): Promise<Load> } {
  const failures: string[] = [];
  let answered = 0;
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const { status, text } = await client.predict(url, body, key);
        if (status === 200) answered += 1;
        else failures.push(`${url}: HTTP ${status}: ${text.slice(0, 200)}`);
      } catch (error) {
        failures.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await sleep(20);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await done;
      return { answered, failures };
    },
  };
}
