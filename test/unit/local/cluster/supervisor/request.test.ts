import * as assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "../../../../../local/cluster/supervisor/request";

describe("a request of the embedded cluster's supervisor", () => {
  const server = http.createServer((asked, response) => {
    if (asked.url === "/broken") {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => response.destroy(), 20);
      return;
    }
    asked.pipe(response.writeHead(201));
  });
  let origin: string;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  it("answers with status and text", async () => {
    const answer = await request(`${origin}/echo`, {}, { a: 1 });
    assert.deepEqual(answer, { status: 201, body: '{"a":1}' });
  });

  it("fails when the answer breaks off", async () => {
    await assert.rejects(request(`${origin}/broken`, {}), /aborted|terminated|premature/i);
  });
});
