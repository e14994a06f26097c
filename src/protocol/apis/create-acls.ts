import { api, array, int8, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** New access rules (KIP-140, 290). */
export const CreateAcls = api(30, "CreateAcls", {
  versions: [1, 3],
  flexible: 2,
  request: {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8.default(3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: nullable(string),
    }),
  },
});

export type CreateAclsRequest = RequestOf<typeof CreateAcls>;
export type CreateAclsResponse = ResponseInput<typeof CreateAcls>;
