import { api, array, int16, int32, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Empty groups go, with all their offsets (KIP-229). */
export const DeleteGroups = api(42, "DeleteGroups", {
  versions: [0, 2],
  flexible: 2,
  request: {
    groupsNames: array(string),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      groupId: string,
      errorCode: int16,
    }),
  },
});

export type DeleteGroupsRequest = RequestOf<typeof DeleteGroups>;
export type DeleteGroupsResponse = ResponseInput<typeof DeleteGroups>;
