import { api, array, int16, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** A client chooses how it will authenticate (KIP-43, 152). */
export const SaslHandshake = api(17, "SaslHandshake", {
  versions: [0, 1],
  request: {
    mechanism: string,
  },
  response: {
    errorCode: int16,
    mechanisms: array(string),
  },
});

export type SaslHandshakeRequest = RequestOf<typeof SaslHandshake>;
export type SaslHandshakeResponse = ResponseInput<typeof SaslHandshake>;
