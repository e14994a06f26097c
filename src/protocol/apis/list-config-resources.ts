import { api, array, int8, int16, int32, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Things that have configs: client metrics, topics, groups, brokers (KIP-1000, 1142). */
export const ListConfigResources = api(74, "ListConfigResources", {
  versions: [0, 1],
  flexible: 0,
  request: {
    resourceTypes: array(int8).since(1),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    configResources: array({
      resourceName: string,
      resourceType: int8.since(1).default(16).ignorable(),
    }),
  },
});

export type ListConfigResourcesRequest = RequestOf<typeof ListConfigResources>;
export type ListConfigResourcesResponse = ResponseInput<typeof ListConfigResources>;
