import { api, int16, int32, nullable, type RequestOf, type ResponseInput, string, uuid } from "../schema.ts";

/** A controller is a voter no longer (KIP-853). */
export const RemoveRaftVoter = api(81, "RemoveRaftVoter", {
  versions: [0, 0],
  flexible: 0,
  request: {
    clusterId: nullable(string),
    voterId: int32,
    voterDirectoryId: uuid,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string),
  },
});

export type RemoveRaftVoterRequest = RequestOf<typeof RemoveRaftVoter>;
export type RemoveRaftVoterResponse = ResponseInput<typeof RemoveRaftVoter>;
