import * as http from "node:http";

/** A POST, as a client with a kept connection sends it. */
export interface Post {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The bytes of the request. */
export function requestBytes({ path, headers, body }: Post): Buffer {
  const lines = Object.entries({
    Host: "127.0.0.1",
    ...headers,
    "Content-Length": String(body.length),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`), body]);
}

/** Asks once; the body of a 200. @throws Error with the status and body of anything else */
export function ask(port: number, { path, headers, body }: Post): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method: "POST", headers, agent: false };
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const answer = Buffer.concat(chunks);
        if (response.statusCode === 200) resolve(answer);
        else reject(new Error(`POST ${path}: ${response.statusCode ?? 0} ${answer.toString()}`));
      });
    });
    request.setTimeout(30_000, () => request.destroy(new Error(`POST ${path}: no answer in 30 s`)));
    request.once("error", reject);
    request.end(body);
  });
}
