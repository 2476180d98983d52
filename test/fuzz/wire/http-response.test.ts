import assert from "node:assert/strict";
import { MalformedAnswer, ResponseReader } from "./http-response";

describe("fuzz: ResponseReader", () => {
  const read = (text: string, method = "POST") => {
    const reader = new ResponseReader();
    reader.push(Buffer.from(text, "latin1"));
    return reader.next(method);
  };
  const ok = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n";

  it("answers one by one, however they arrive", () => {
    const reader = new ResponseReader();
    const bytes = Buffer.from(`HTTP/1.1 100 Continue\r\n\r\n${ok}hi${ok}ho`);
    const bodies: string[] = [];
    for (const byte of bytes) {
      reader.push(Buffer.from([byte]));
      const answer = reader.next("GET");
      if (answer !== undefined) bodies.push(answer.body.toString());
    }
    assert.deepEqual(bodies, ["hi", "ho"]);
    assert.equal(reader.rest, 0);
  });

  it("HEAD and 204 have no body", () => {
    assert.equal(read(ok, "HEAD")?.body.length, 0);
    assert.equal(read("HTTP/1.1 204 No Content\r\n\r\n")?.status, 204);
  });

  it("half an answer is none", () => {
    assert.equal(read(ok.slice(0, -2)), undefined);
    assert.equal(read(`${ok}h`), undefined);
  });

  const malformed: [what: string, text: string][] = [
    ["another version", ok.replace("1.1", "1.0")],
    ["no status", ok.replace("200", "abc")],
    ["a header without a name", ok.replace("content-type", "")],
    ["a header's line broken", ok.replace("text/plain", "a\nb")],
    ["no length", ok.replace("content-length: 2\r\n", "")],
    ["two lengths", ok.replace("content-length: 2", "content-length: 2\r\nContent-Length: 2")],
    ["a length that is no number", ok.replace(": 2", ": two")],
    ["chunks", ok.replace("content-length: 2", "transfer-encoding: chunked")],
    ["204 with a length", ok.replace("200 OK", "204 No Content")],
  ];
  for (const [what, text] of malformed)
    it(`refuses ${what}`, () => assert.throws(() => read(`${text}hi`), MalformedAnswer));
});
