"use strict";
/**
 * The ceiling: Node's own HTTP server that reads the body and answers a constant. ANSWER is the JSON, PORT where to listen.
 */
const http = require("node:http");

const answer = Buffer.from(process.env.ANSWER);
const headers = { "Content-Type": "application/json", "Content-Length": answer.length };

http
  .createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(200, headers);
      response.end(answer);
    });
  })
  .listen(Number(process.env.PORT), "127.0.0.1");
