import { api, bytes, int16, int64, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** The bytes of an authentication, back and forth (KIP-152, 368). */
export const SaslAuthenticate = api(36, "SaslAuthenticate", {
  versions: [0, 2],
  flexible: 2,
  request: {
    authBytes: bytes,
  },
  response: {
    errorCode: int16,
    errorMessage: nullable(string),
    authBytes: bytes,
    sessionLifetimeMs: int64.since(1).ignorable(),
  },
});

export type SaslAuthenticateRequest = RequestOf<typeof SaslAuthenticate>;
export type SaslAuthenticateResponse = ResponseInput<typeof SaslAuthenticate>;
