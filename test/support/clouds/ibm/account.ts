import { randomBytes } from "node:crypto";
import type { Cloud, Credentials } from "../cloud";
import { isValues, text } from "../values";
import { Refusal } from "./errors";
import { OWNER } from "./ids";
import { SERVICE_API_KEY } from "./tokens";
import { count } from "./values";

/** Who an API key or a token stands for. */
export interface Identity {
  readonly iamId: string;
  /** Of the API key that it logged in with. */
  readonly keyId: string;
}

const USER_KEY = "ibm API key of the user";

/** 44 characters, as the real ones. */
export const newApiKey = (): string => randomBytes(33).toString("base64url");

/** The API key of the account's owner, made when it is first asked for. */
export function userKey(cloud: Cloud): string {
  const known = cloud.store.get(USER_KEY);
  if (typeof known === "string") return known;
  const made = newApiKey();
  cloud.store.set(USER_KEY, made);
  return made;
}

export const USER_KEY_ID = "ApiKey-0f4f1c7e-3c6a-4b53-8d3e-5a8f0b1c2d3e";

/** Whose API key it is; undefined for one that was never made, was deleted, or that the condition `revoked` names (or all users'). */
export function identityOf(cloud: Cloud, apiKey: string): Identity | undefined {
  if (apiKey === userKey(cloud))
    return cloud.faults.holds("revoked") ? undefined : { iamId: OWNER, keyId: USER_KEY_ID };
  const key = cloud.store.list(SERVICE_API_KEY).find(({ outputs }) => outputs["apikey"] === apiKey);
  if (key === undefined || cloud.faults.holds("revoked", key.id)) return undefined;
  return { iamId: text(key.outputs, "iamServiceId"), keyId: key.id };
}

/** https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey */
export const KEY_NOT_FOUND = {
  errorCode: "BXNIM0415E",
  errorMessage: "Provided API key could not be found.",
} as const;

/**
 * What the provider does before anything else: it logs in with the API key.
 * https://github.com/IBM-Cloud/terraform-provider-ibm/issues/334 shows what becomes of a wrong one.
 * @throws CloudError
 */
export function login({ environment, config }: Credentials, cloud: Cloud): void {
  const given =
    text(config, "ibmcloudApiKey") || environment["IC_API_KEY"] || environment["IBMCLOUD_API_KEY"];
  if (given === undefined || given === "")
    throw new Refusal(
      "no-credentials",
      "ibmcloud_api_key or bluemix_api_key or iam_token and iam_refresh_token must be provided. Please see the documentation on how to configure it",
    );
  if (identityOf(cloud, given) === undefined)
    throw new Refusal(
      "key-revoked",
      `[ERROR] Error occured while configuring the IBM Cloud session: "Request failed with status code: 400, ${KEY_NOT_FOUND.errorCode}: ${KEY_NOT_FOUND.errorMessage}"`,
    );
}

/** The region that the provider was configured with. */
export const regionOfProvider = ({ caller }: Cloud): string =>
  text(caller.config, "region") || "us-south";

/** An IAM token's life: https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey */
const TOKEN_SECONDS = 3600;

export interface IssuedToken {
  readonly token: string;
  readonly seconds: number;
  /** Seconds since 1970. */
  readonly expiration: number;
}

/** A token for who has an API key. */
export function issueToken(cloud: Cloud, identity: Identity): IssuedToken {
  const token = randomBytes(48).toString("base64url");
  const expiresAt = cloud.now() + TOKEN_SECONDS * 1000;
  cloud.store.set(tokenKey(token), { ...identity, expiresAt });
  return { token, seconds: TOKEN_SECONDS, expiration: Math.floor(expiresAt / 1000) };
}

/** Whether a token is still good; the condition `expired` ends them all. */
export function isGoodToken(cloud: Cloud, token: string): boolean {
  const found = cloud.store.get(tokenKey(token));
  if (!isValues(found) || cloud.faults.holds("expired")) return false;
  return count(found, "expiresAt", 0) > cloud.now();
}

const tokenKey = (token: string) => `ibm token ${token}`;
