import { api, array, int16, int32, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** The groups that this broker coordinates, by state and type (KIP-518, 848). */
export const ListGroups = api(16, "ListGroups", {
  versions: [0, 5],
  flexible: 3,
  request: {
    statesFilter: array(string).since(4),
    typesFilter: array(string).since(5),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: string.since(4).ignorable(),
      groupType: string.since(5).ignorable(),
    }),
  },
});

export type ListGroupsRequest = RequestOf<typeof ListGroups>;
export type ListGroupsResponse = ResponseInput<typeof ListGroups>;
