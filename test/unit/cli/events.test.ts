import * as assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { ChangeReport, describe as told, shortName, stripColours } from "../../../cli/events";
import { silentProgress } from "../../../local/progress";

const DEPLOYMENT =
  "urn:pulumi:local::modelport::modelport:index:InferenceService$kubernetes:apps/v1:Deployment::iris";
const STACK = "urn:pulumi:local::modelport::pulumi:pulumi:Stack::modelport-local";

let sequence = 0;
const event = (content: object) =>
  ({ sequence: sequence++, timestamp: 1, ...content }) as unknown as EngineEvent;
const metadata = (op: string, urn: string, outputs: object = {}) => ({
  metadata: { op, urn, type: urn.split("::")[2]?.split("$").at(-1), new: { outputs } },
});

function report(): { report: ChangeReport; written: () => string } {
  const stream = new PassThrough();
  const written: string[] = [];
  stream.on("data", (chunk: Buffer) => written.push(chunk.toString()));
  return {
    report: new ChangeReport("up", silentProgress(), stream as unknown as NodeJS.WriteStream),
    written: () => written.join(""),
  };
}

describe("the engine's events", () => {
  it("become a line for each finished change, none for what stays", () => {
    const { report: its, written } = report();
    for (const content of [
      { resourcePreEvent: metadata("same", STACK) },
      { resourcePreEvent: metadata("create", DEPLOYMENT) },
      { resOutputsEvent: metadata("create", DEPLOYMENT) },
      { resOutputsEvent: metadata("same", STACK, { url: "http://x" }) },
      { summaryEvent: { resourceChanges: { create: 1, same: 1 } } },
    ])
      its.onEvent(event(content));
    assert.match(written(), /^ {2}\+ Deployment iris created \(\d+\.\d s\)\n$/);
    assert.deepEqual(its.summary, {
      changes: { create: 1, same: 1 },
      outputs: { url: "http://x" },
      errors: [],
    });
  });

  it("tell failures, and keep their messages for the end", () => {
    const { report: its, written } = report();
    its.onEvent(event({ resourcePreEvent: metadata("update", DEPLOYMENT) }));
    its.onEvent(event({ diagnosticEvent: { severity: "error", message: "no pod is ready\n" } }));
    its.onEvent(event({ resOpFailedEvent: metadata("update", DEPLOYMENT) }));
    assert.match(written(), /✗ Deployment iris updating failed/);
    assert.deepEqual(its.summary.errors, ["no pod is ready"]);
  });

  it("show what the program says, without colours, and hide what nobody needs", () => {
    const { report: its, written } = report();
    const say = (severity: string, message: string) =>
      its.onEvent(event({ diagnosticEvent: { severity, message } }));
    say("warning", "<{%fg 3%}>careful<{%reset%}>\n");
    say("info", "hello\n");
    say("debug", "Registering resource\n");
    say("warning", "using pulumi-resource-docker from $PATH at /x\n");
    assert.equal(written(), "  warning: careful\n  hello\n");
  });

  it("are summed up in words", () => {
    assert.equal(told({ same: 7 }), "nothing to change");
    assert.equal(told({ create: 2, update: 1, same: 3 }), "2 created, 1 updated");
  });

  it("name resources as people do", () => {
    assert.equal(shortName(DEPLOYMENT), "Deployment iris");
    assert.equal(stripColours("\u001b[31mred\u001b[0m"), "red");
  });
});
