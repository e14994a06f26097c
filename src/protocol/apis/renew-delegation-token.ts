import { api, bytes, int16, int32, int64, type RequestOf, type ResponseInput } from "../schema.ts";

/** A delegation token lives longer (KIP-48). */
export const RenewDelegationToken = api(39, "RenewDelegationToken", {
  versions: [1, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    renewPeriodMs: int64,
  },
  response: {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32.default(0),
  },
});

export type RenewDelegationTokenRequest = RequestOf<typeof RenewDelegationToken>;
export type RenewDelegationTokenResponse = ResponseInput<typeof RenewDelegationToken>;
