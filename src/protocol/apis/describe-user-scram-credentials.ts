import { api, array, int8, int16, int32, nullable, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Which SCRAM credentials users have (KIP-554). */
export const DescribeUserScramCredentials = api(50, "DescribeUserScramCredentials", {
  versions: [0, 0],
  flexible: 0,
  request: {
    users: nullable(
      array({
        name: string,
      }),
    ),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: nullable(string),
      credentialInfos: array({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
});

export type DescribeUserScramCredentialsRequest = RequestOf<typeof DescribeUserScramCredentials>;
export type DescribeUserScramCredentialsResponse = ResponseInput<typeof DescribeUserScramCredentials>;
