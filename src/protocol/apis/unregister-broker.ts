import { api, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** A broker that is gone for good is forgotten (KIP-631). */
export const UnregisterBroker = api(64, "UnregisterBroker", {
  versions: [0, 0],
  flexible: 0,
  request: {
    brokerId: int32,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string),
  },
});

export type UnregisterBrokerRequest = RequestOf<typeof UnregisterBroker>;
export type UnregisterBrokerResponse = ResponseInput<typeof UnregisterBroker>;
