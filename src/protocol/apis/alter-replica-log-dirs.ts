import { api, array, int16, int32, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Replicas move between the folders of a broker (KIP-113). */
export const AlterReplicaLogDirs = api(34, "AlterReplicaLogDirs", {
  versions: [1, 2],
  flexible: 2,
  request: {
    dirs: array({
      path: string,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
});

export type AlterReplicaLogDirsRequest = RequestOf<typeof AlterReplicaLogDirs>;
export type AlterReplicaLogDirsResponse = ResponseInput<typeof AlterReplicaLogDirs>;
