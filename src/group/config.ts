/** What of the broker's configuration the group coordinator reads; Kafka's names, in camelCase. */
export interface GroupConfig {
  readonly groupMinSessionTimeoutMs: number;
  readonly groupMaxSessionTimeoutMs: number;
  readonly groupInitialRebalanceDelayMs: number;
  readonly groupMaxSize: number;
  /** Not Kafka's: for so long at most the answer to a heartbeat is held back (decision 0009); 0: not at all. */
  readonly groupHeartbeatMaxWaitMs: number;
  /** offset.metadata.max.bytes; counted in UTF-16 characters, as Kafka does (rule 37). */
  readonly offsetMetadataMaxBytes: number;
  /** offsets.retention.minutes, in milliseconds. */
  readonly offsetsRetentionMs: number;
  readonly offsetsRetentionCheckIntervalMs: number;
}

export const groupConfigDefaults: GroupConfig = {
  groupMinSessionTimeoutMs: 6_000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupInitialRebalanceDelayMs: 3_000,
  groupMaxSize: 2_147_483_647,
  groupHeartbeatMaxWaitMs: 60_000,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMs: 10_080 * 60_000,
  offsetsRetentionCheckIntervalMs: 600_000,
};
