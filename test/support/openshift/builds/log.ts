import type { ServerResponse } from "node:http";

/** Of an exit code, after the text: Node's `trailers`. */
export const EXIT_TRAILER = "x-exit-code";

/** A build's log: written by the build, read by its pod, which writes it out as its own. */
export class BuildLog {
  private text = "";
  private reader: ServerResponse | undefined;
  private exitCode: number | undefined;
  private attach: () => void = () => undefined;
  private detach: () => void = () => undefined;
  /** Resolves when the pod reads, so when it runs. */
  readonly read = new Promise<void>((resolve) => (this.attach = resolve));
  /** Resolves when the pod stops reading before the end. */
  readonly lost = new Promise<void>((resolve) => (this.detach = resolve));

  write(text: string): void {
    this.text += text;
    this.reader?.write(text);
  }

  all(): string {
    return this.text;
  }

  /** Ends the log, and with it the pod. */
  end(exitCode: number): void {
    this.exitCode = exitCode;
    this.finish();
  }

  serve(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/plain", trailer: EXIT_TRAILER });
    response.flushHeaders();
    response.write(this.text);
    this.reader = response;
    response.once("close", () => {
      if (this.exitCode === undefined) this.detach();
    });
    this.attach();
    this.finish();
  }

  private finish(): void {
    if (this.exitCode === undefined || this.reader === undefined) return;
    this.reader.addTrailers({ [EXIT_TRAILER]: String(this.exitCode) });
    this.reader.end();
  }
}
