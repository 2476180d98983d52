import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";

/** GET, or POST where there is a body. @throws Error when there is no whole answer */
export function request(
  url: string,
  identity: https.RequestOptions,
  body?: object,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = (url.startsWith("https:") ? https : http).request(url, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      timeout: 5000,
      ...identity,
    });
    asked.once("response", (response) => {
      const { statusCode: status = 0 } = response;
      text(response).then((said) => resolve({ status, body: said }), reject);
    });
    asked.once("timeout", () => asked.destroy(new Error(`${url}: no answer within 5 s`)));
    asked.once("error", reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
