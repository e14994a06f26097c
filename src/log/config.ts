import type { LogConfig } from "./log.ts";

/** Kafka's defaults of the topic configs that the log acts on. */
export const defaultLogConfig: LogConfig = {
  cleanupPolicy: { delete: true, compact: false },
  retentionMs: 7 * 24 * 60 * 60 * 1000,
  retentionBytes: -1,
  segmentBytes: 1024 * 1024 * 1024,
  segmentMs: 7 * 24 * 60 * 60 * 1000,
  indexIntervalBytes: 4096,
  maxMessageBytes: 1_048_588,
  deleteRetentionMs: 24 * 60 * 60 * 1000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  minCleanableDirtyRatio: 0.5,
  fileDeleteDelayMs: 60_000,
};

/** Kafka's default of producer.id.expiration.ms. */
export const defaultProducerIdExpirationMs = 24 * 60 * 60 * 1000;
