import {
  api,
  array,
  boolean,
  int16,
  int32,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
  uint16,
  uuid,
} from "../schema.ts";

/** A controller becomes a voter of the metadata quorum (KIP-853). */
export const AddRaftVoter = api(80, "AddRaftVoter", {
  versions: [0, 1],
  flexible: 0,
  request: {
    clusterId: nullable(string),
    timeoutMs: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
    }),
    ackWhenCommitted: boolean.since(1).default(true),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string),
  },
});

export type AddRaftVoterRequest = RequestOf<typeof AddRaftVoter>;
export type AddRaftVoterResponse = ResponseInput<typeof AddRaftVoter>;
