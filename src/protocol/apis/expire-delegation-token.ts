import { api, bytes, int16, int32, int64, type RequestOf, type ResponseInput } from "../schema.ts";

/** A delegation token ends sooner (KIP-48). */
export const ExpireDelegationToken = api(40, "ExpireDelegationToken", {
  versions: [1, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    expiryTimePeriodMs: int64,
  },
  response: {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32.default(0),
  },
});

export type ExpireDelegationTokenRequest = RequestOf<typeof ExpireDelegationToken>;
export type ExpireDelegationTokenResponse = ResponseInput<typeof ExpireDelegationToken>;
