import * as fs from "node:fs";
import * as path from "node:path";
import { makeCertificate, type TestCertificate } from "../certificate";

const NAME = "modelport test authority";
const VALID_DAYS = 30;

/** Who signs the certificates of all hosts that the simulated clouds have. */
export class Authority {
  private constructor(
    /** Its own certificate, PEM: who trusts it trusts every host. */
    readonly certificate: string,
    private readonly key: string,
  ) {}

  /** The authority kept in a folder as `ca.pem` and `ca-key.pem`; made where there is none yet. */
  static load(folder: string): Authority {
    const [certificate, key] = ["ca.pem", "ca-key.pem"].map((file) => path.join(folder, file)) as [
      string,
      string,
    ];
    if (!fs.existsSync(certificate)) {
      const made = makeCertificate([NAME], { authority: true, to: VALID_DAYS });
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(key, made.key, { mode: 0o600 });
      fs.writeFileSync(certificate, made.certificate);
    }
    return new Authority(fs.readFileSync(certificate, "utf8"), fs.readFileSync(key, "utf8"));
  }

  /** @param names host names, `*.` at most in front, or IPv4 addresses */
  issue(names: readonly string[]): TestCertificate {
    return makeCertificate(names, { signer: { name: NAME, key: this.key }, to: VALID_DAYS });
  }
}
