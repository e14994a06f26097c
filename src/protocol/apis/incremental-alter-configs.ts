import {
  api,
  array,
  boolean,
  int8,
  int16,
  int32,
  nullable,
  type RequestOf,
  type ResponseInput,
  string,
} from "../schema.ts";

/** Single configs are set, deleted, appended to or subtracted from (KIP-339). */
export const IncrementalAlterConfigs = api(44, "IncrementalAlterConfigs", {
  versions: [0, 1],
  flexible: 1,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8,
        value: nullable(string),
      }),
    }),
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32.default(0),
    responses: array({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
    }),
  },
});

export type IncrementalAlterConfigsRequest = RequestOf<typeof IncrementalAlterConfigs>;
export type IncrementalAlterConfigsResponse = ResponseInput<typeof IncrementalAlterConfigs>;
