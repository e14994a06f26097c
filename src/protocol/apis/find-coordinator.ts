import { api, array, int8, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Which broker leads the groups or transactions of these keys (KIP-98, 699). */
export const FindCoordinator = api(10, "FindCoordinator", {
  versions: [0, 6],
  flexible: 3,
  request: {
    key: string.versions(0, 3),
    keyType: int8.since(1),
    coordinatorKeys: array(string).since(4),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16.versions(0, 3),
    errorMessage: nullable(string).versions(1, 3).ignorable(),
    nodeId: int32.versions(0, 3),
    host: string.versions(0, 3),
    port: int32.versions(0, 3),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: nullable(string),
    }).since(4),
  },
});

export type FindCoordinatorRequest = RequestOf<typeof FindCoordinator>;
export type FindCoordinatorResponse = ResponseInput<typeof FindCoordinator>;
