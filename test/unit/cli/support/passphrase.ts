import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** `encryptionsalt` of a new stack, as Pulumi writes it: the salt, and a known word sealed with the passphrase. */
export function passphraseSalt(passphrase: string): string {
  const salt = randomBytes(8).toString("base64");
  const start = `v1:${salt}`;
  return `${start}:${seal("pulumi", passphrase, start)}`;
}

/** What `pulumi config set --secret` writes as `secure`. @param encryptionSalt the stack's */
export function seal(text: string, passphrase: string, encryptionSalt: string): string {
  const salt = Buffer.from(encryptionSalt.split(":")[1]!, "base64");
  const key = pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}
