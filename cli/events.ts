import type { EngineEvent, OpType } from "@pulumi/pulumi/automation";
import type { Progress, Step } from "../local/progress";

/** Verbs by engine operation: under way, finished. Operations not listed are not worth a line. */
const VERBS: Partial<Record<OpType, readonly [string, string, string]>> = {
  create: ["+", "creating", "created"],
  "create-replacement": ["+", "creating", "created"],
  update: ["~", "updating", "updated"],
  delete: ["-", "deleting", "deleted"],
  "delete-replaced": ["-", "deleting", "deleted"],
  import: ["=", "importing", "imported"],
  read: [">", "reading", "read"],
};

/** Severities of the engine and of the program's own log calls that reach the user. */
const SHOWN: readonly string[] = ["info", "info#err", "warning", "error"];

/** Where a plugin was found is our doing, and nobody's concern. */
const NOISE = /^using pulumi-\S+ from \$PATH/;

/** Where an output failed that the program gives to the engine is nobody's concern either. */
const SERIALIZING = /^(?:error serializing property "\w+": )+/;

export interface ChangeSummary {
  /** Number of resources by operation, `same` among them. */
  changes: Readonly<Record<string, number>>;
  /** Outputs of the stack; secrets are blinded. */
  outputs: Readonly<Record<string, unknown>> | undefined;
  /** What the engine and the program reported as errors. */
  errors: readonly string[];
}

/** Turns the engine's events into lines a person can follow, and into a summary. */
export class ChangeReport {
  private readonly underWay = new Map<string, { label: string; started: number }>();
  private readonly errors: string[] = [];
  private readonly step: Step;
  private changes: Record<string, number> = {};
  private outputs: Record<string, unknown> | undefined;

  constructor(
    title: string,
    progress: Progress,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.step = progress.step(title);
  }

  readonly onEvent = (event: EngineEvent): void => {
    if (event.resourcePreEvent !== undefined) this.began(event.resourcePreEvent.metadata);
    if (event.resOutputsEvent !== undefined) this.ended(event.resOutputsEvent.metadata, true);
    if (event.resOpFailedEvent !== undefined) this.ended(event.resOpFailedEvent.metadata, false);
    if (event.diagnosticEvent !== undefined) this.said(event.diagnosticEvent);
    if (event.summaryEvent !== undefined) this.changes = { ...event.summaryEvent.resourceChanges };
  };

  get summary(): ChangeSummary {
    return { changes: this.changes, outputs: this.outputs, errors: this.errors };
  }

  done(): ChangeSummary {
    this.step.done(describe(this.changes));
    return this.summary;
  }

  fail(): void {
    this.step.fail();
  }

  private began(metadata: { op: OpType; urn: string }): void {
    const verb = VERBS[metadata.op];
    if (verb === undefined) return;
    this.underWay.set(metadata.urn, {
      label: `${verb[1]} ${shortName(metadata.urn)}`,
      started: Date.now(),
    });
    this.showUnderWay();
  }

  private ended(
    metadata: { op: OpType; urn: string; type: string; new?: { outputs: Record<string, unknown> } },
    succeeded: boolean,
  ): void {
    if (metadata.type === "pulumi:pulumi:Stack") this.outputs = metadata.new?.outputs;
    const verb = VERBS[metadata.op];
    const started = this.underWay.get(metadata.urn)?.started;
    if (verb === undefined || started === undefined) return;
    this.underWay.delete(metadata.urn);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const [mark, text] = succeeded ? [verb[0], verb[2]] : ["✗", `${verb[1]} failed`];
    this.print(`  ${mark} ${shortName(metadata.urn)} ${text} (${seconds} s)`);
    this.showUnderWay();
  }

  private said(diagnostic: {
    severity: string;
    message: string;
    urn?: string;
    ephemeral?: boolean;
  }): void {
    const message = stripColours(diagnostic.message).trimEnd().replace(SERIALIZING, "");
    if (message.trim() === "" || NOISE.test(message) || !SHOWN.includes(diagnostic.severity))
      return;
    if (diagnostic.severity === "error") this.errors.push(message);
    else if (diagnostic.ephemeral === true) this.step.update(lastLine(message));
    else {
      const mark = diagnostic.severity === "warning" ? "warning: " : "";
      this.print(indent(`${mark}${message}`));
    }
  }

  private showUnderWay(): void {
    this.step.update([...this.underWay.values()].map(({ label }) => label).join(", "));
  }

  private print(text: string): void {
    this.stream.write(`${this.stream.isTTY ? "\r\x1b[2K" : ""}${text}\n`);
  }
}

/** `urn:pulumi:local::modelport::parent$kubernetes:apps/v1:Deployment::iris` → `Deployment iris` */
export function shortName(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  const type = types.split("$").at(-1) ?? "";
  return `${type.split(":").at(-1) ?? type} ${name}`;
}

/** `2 created, 1 updated`, or that there was nothing to do. */
export function describe(changes: Readonly<Record<string, number>>): string {
  const parts = Object.entries(changes).flatMap(([op, count]) => {
    const verb = VERBS[op as OpType];
    return verb === undefined || count === 0 ? [] : [`${count} ${verb[2]}`];
  });
  return parts.length === 0 ? "nothing to change" : parts.join(", ");
}

/** Pulumi marks colours as `<{%fg 1%}>`; terminals as escape sequences. */
export function stripColours(text: string): string {
  return text.replaceAll(/<\{%[^%]*%\}>/g, "").replaceAll(/\u001b\[[0-9;]*m/g, "");
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}
