import { createSign } from "node:crypto";
import { z } from "zod";
import { ask } from "../http";

/** A service account's key, as Google hands it out. */
const key = z.object({
  type: z.literal("service_account"),
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
  token_uri: z.string().default("https://oauth2.googleapis.com/token"),
});

export type ServiceAccountKey = z.infer<typeof key>;

/** @returns undefined where the text is JSON of other credentials. @throws Error, without the text, for what is no JSON */
export function serviceAccountKey(text: string): ServiceAccountKey | undefined {
  return key.safeParse(parsed(text)).data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes what is around the fault.
    throw new Error("the credentials are no JSON");
  }
}

const LIFETIME_SECONDS = 3600;

/**
 * An access token, where the key says that they are given. Google's library asks in one place always; the provider, as here, where the
 * key says. https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 *
 * @throws ApiError for a key that was deleted or disabled
 */
export async function tokenOf(account: ServiceAccountKey, scope: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const { client_email: iss, token_uri: aud, private_key_id: kid } = account;
  const header = { alg: "RS256", typ: "JWT", ...(kid === undefined ? {} : { kid }) };
  const claims = { iss, scope, aud, iat: now, exp: now + LIFETIME_SECONDS };
  const unsigned = `${base64url(header)}.${base64url(claims)}`;
  const signature = createSign("RSA-SHA256")
    .update(unsigned)
    .sign(account.private_key, "base64url");
  const answer = await ask({
    url: aud,
    form: {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: `${unsigned}.${signature}`,
    },
  });
  return z.object({ access_token: z.string() }).parse(answer).access_token;
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
