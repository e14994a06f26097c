import { api, boolean, bytes, int8, int16, int32, type RequestOf, type ResponseInput, uuid } from "../schema.ts";

/** A client's metrics (KIP-714). */
export const PushTelemetry = api(72, "PushTelemetry", {
  versions: [0, 0],
  flexible: 0,
  request: {
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: boolean,
    compressionType: int8,
    metrics: bytes,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
  },
});

export type PushTelemetryRequest = RequestOf<typeof PushTelemetry>;
export type PushTelemetryResponse = ResponseInput<typeof PushTelemetry>;
