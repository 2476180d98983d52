import { hash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { RequestError } from "../errors";
import type { Log } from "../log";

/** How often the file is looked at. */
const POLL_MS = 2000;
/** Longer than any key: hashing what is sent must cost little. */
const MAX_KEY_LENGTH = 512;

interface Key {
  readonly name: string;
  readonly sha256: Buffer;
}

/**
 * The keys that may ask, of which only hashes are known: a file with `<name> <SHA-256 of the key in hexadecimal>` a line;
 * `#` begins a comment.
 */
export class ApiKeys {
  /** The hash of the key that is being checked. */
  private readonly brought = Buffer.alloc(32);

  private keys: readonly Key[];
  private readonly timer: NodeJS.Timeout;
  /** What was wrong with the file when it was last looked at. */
  private fault: string | undefined;

  private constructor(
    private readonly file: string,
    private text: string,
    private readonly log: Log | undefined,
  ) {
    this.keys = parseKeys(file, text);
    this.timer = setInterval(() => this.look(), POLL_MS);
    this.timer.unref();
  }

  /**
   * The keys of `file`, which is read again when it changes: one that can't be read leaves the keys as they are and is
   * told to `log`.
   * @throws Error naming the line that is wrong, or why the file can't be read.
   */
  static read(file: string, log?: Log): ApiKeys {
    return new ApiKeys(file, readFileSync(file, "utf8"), log);
  }

  /**
   * The name of the key a request brings, as `Authorization: Bearer <key>` or `X-API-Key: <key>`. Every key is compared,
   * each in constant time.
   * @throws RequestError 401 when it brings none, or one that is unknown.
   */
  check(authorization: string | undefined, apiKeyHeader: string | undefined): string {
    const key = bearer(authorization) ?? apiKeyHeader;
    if (key === undefined)
      throw unauthorized("an API key is needed: Authorization: Bearer <key>, or X-API-Key: <key>");
    if (key.length <= MAX_KEY_LENGTH) {
      // As text, then into a buffer that is there: one of its own would cost ten times the hash.
      this.brought.write(hash("sha256", key, "binary"), "latin1");
      let name: string | undefined;
      for (const own of this.keys) if (timingSafeEqual(own.sha256, this.brought)) name = own.name;
      if (name !== undefined) return name;
    }
    throw unauthorized("the API key is not valid");
  }

  /** Stops following the file. */
  close(): void {
    clearInterval(this.timer);
  }

  /** By content: a Secret's file is a link that is swapped, whose times and sizes tell nothing. */
  private look(): void {
    try {
      const text = readFileSync(this.file, "utf8");
      const changed = text !== this.text;
      if (changed) this.keys = parseKeys(this.file, text);
      this.text = text;
      this.fault = undefined;
      if (!changed) return;
      this.log?.info("API keys read again", { keys: this.keys.length });
    } catch (error) {
      const reason = (error as Error).message;
      if (reason !== this.fault)
        this.log?.error("API keys can't be read: the old ones stay", { reason });
      this.fault = reason;
    }
  }
}

function parseKeys(file: string, text: string): readonly Key[] {
  const keys: Key[] = [];
  text.split("\n").forEach((line, i) => {
    const content = line.replace(/#.*/, "").trim();
    if (content === "") return;
    const [name = "", sha256 = "", ...rest] = content.split(/\s+/);
    const where = `${file}, line ${i + 1}`;
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(name) || rest.length > 0)
      throw new Error(`${where}: "<name> <SHA-256>" is needed, the name of A-Z a-z 0-9 . _ -`);
    if (!/^[0-9a-f]{64}$/i.test(sha256))
      throw new Error(`${where}: key "${name}": 64 hexadecimal digits are needed`);
    if (keys.some((key) => key.name === name))
      throw new Error(`${where}: key "${name}" is there twice`);
    keys.push({ name, sha256: Buffer.from(sha256, "hex") });
  });
  if (keys.length === 0) throw new Error(`${file}: no key in it`);
  return keys;
}

/** The key in an Authorization header; undefined when it has another scheme. */
function bearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length < 8) return undefined;
  return authorization.slice(0, 7).toLowerCase() === "bearer "
    ? authorization.slice(7).trim()
    : undefined;
}

function unauthorized(message: string): RequestError {
  return new RequestError(401, message, undefined, { "www-authenticate": "Bearer" });
}
