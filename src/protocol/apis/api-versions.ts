import { api, array, boolean, int16, int32, int64, type RequestOf, type ResponseInput, string } from "../schema.ts";

/** Which versions the broker speaks, asked before anything else (KIP-35, 511, 584). */
export const ApiVersions = api(18, "ApiVersions", {
  versions: [0, 4],
  flexible: 3,
  request: {
    clientSoftwareName: string.since(3).ignorable(),
    clientSoftwareVersion: string.since(3).ignorable(),
  },
  response: {
    errorCode: int16,
    apiKeys: array({
      apiKey: int16,
      minVersion: int16,
      maxVersion: int16,
    }),
    throttleTimeMs: int32.since(1).ignorable(),
    supportedFeatures: array({
      name: string,
      minVersion: int16,
      maxVersion: int16,
    })
      .tag(0, 3)
      .ignorable(),
    finalizedFeaturesEpoch: int64.tag(1, 3).default(-1).ignorable(),
    finalizedFeatures: array({
      name: string,
      maxVersionLevel: int16,
      minVersionLevel: int16,
    })
      .tag(2, 3)
      .ignorable(),
    zkMigrationReady: boolean.tag(3, 3).ignorable(),
  },
});

export type ApiVersionsRequest = RequestOf<typeof ApiVersions>;
export type ApiVersionsResponse = ResponseInput<typeof ApiVersions>;
