import {
  api,
  array,
  bytes,
  int16,
  int32,
  int64,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
} from "../schema.ts";

/** A token that lets others act for its owner (KIP-48, 373). */
export const CreateDelegationToken = api(38, "CreateDelegationToken", {
  versions: [1, 3],
  flexible: 2,
  request: {
    ownerPrincipalType: nullable(string).since(3),
    ownerPrincipalName: nullable(string).since(3),
    renewers: array({
      principalType: string,
      principalName: string,
    }),
    maxLifetimeMs: int64,
  },
  response: {
    errorCode: int16,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: string.since(3),
    tokenRequesterPrincipalName: string.since(3),
    issueTimestampMs: int64,
    expiryTimestampMs: int64,
    maxTimestampMs: int64,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: int32.default(0),
  },
});

export type CreateDelegationTokenRequest = RequestOf<typeof CreateDelegationToken>;
export type CreateDelegationTokenResponse = ResponseInput<typeof CreateDelegationToken>;
