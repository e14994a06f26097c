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

/** The finalized level of features goes up or down (KIP-584, 778). */
export const UpdateFeatures = api(57, "UpdateFeatures", {
  versions: [0, 2],
  flexible: 0,
  request: {
    timeoutMs: int32.default(60000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: boolean.versions(0, 0),
      upgradeType: int8.since(1).default(1),
    }),
    validateOnly: boolean.since(1),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string),
    results: array({
      feature: string,
      errorCode: int16,
      errorMessage: nullable(string),
    })
      .versions(0, 1)
      .ignorable(),
  },
});

export type UpdateFeaturesRequest = RequestOf<typeof UpdateFeatures>;
export type UpdateFeaturesResponse = ResponseInput<typeof UpdateFeatures>;
