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

/** Values of configs, where they come from and what they mean (KIP-133, 226, 569). */
export const DescribeConfigs = api(32, "DescribeConfigs", {
  versions: [1, 4],
  flexible: 4,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configurationKeys: nullable(array(string)),
    }),
    includeSynonyms: boolean.default(false),
    includeDocumentation: boolean.since(3),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: nullable(string),
        readOnly: boolean,
        configSource: int8.default(-1),
        isSensitive: boolean,
        synonyms: array({
          name: string,
          value: nullable(string),
          source: int8,
        }),
        configType: int8.since(3).ignorable(),
        documentation: nullable(string).since(3).ignorable(),
      }),
    }),
  },
});

export type DescribeConfigsRequest = RequestOf<typeof DescribeConfigs>;
export type DescribeConfigsResponse = ResponseInput<typeof DescribeConfigs>;
