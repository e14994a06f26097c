/**
 * Records that brokers write among a client's records: the ends of transactions, and what a metadata quorum notes. The
 * key of each is a {@link ControlRecordTypeSchema}, after its int16 version.
 */
import { array, int16, int32, int64, message, string, uint16, uuid } from "./schema.ts";

export const ControlRecordTypeSchema = message("ControlRecordTypeSchema", {
  versions: [0, 0],
  fields: { type: int16 },
});

/** Value of a COMMIT or ABORT marker (KIP-98). */
export const EndTxnMarker = message("EndTxnMarker", { versions: [0, 0], fields: { coordinatorEpoch: int32 } });

const voter = { voterId: int32, voterDirectoryId: uuid.since(1) };

/** A quorum has a new leader (KIP-595, 853). */
export const LeaderChangeMessage = message("LeaderChangeMessage", {
  versions: [0, 1],
  flexible: 0,
  fields: { version: int16, leaderId: int32, voters: array(voter), grantingVoters: array(voter) },
});

/** First and last record of a snapshot (KIP-630). */
export const SnapshotHeaderRecord = message("SnapshotHeaderRecord", {
  versions: [0, 0],
  flexible: 0,
  fields: { version: int16, lastContainedLogTimestamp: int64 },
});
export const SnapshotFooterRecord = message("SnapshotFooterRecord", {
  versions: [0, 0],
  flexible: 0,
  fields: { version: int16 },
});

/** The protocol of the quorum itself (KIP-853). */
export const KRaftVersionRecord = message("KRaftVersionRecord", {
  versions: [0, 0],
  flexible: 0,
  fields: { version: int16, kRaftVersion: int16 },
});

/** The voters of a quorum and where they listen (KIP-853). */
export const VotersRecord = message("VotersRecord", {
  versions: [0, 0],
  flexible: 0,
  fields: {
    version: int16,
    voters: array({
      voterId: int32,
      voterDirectoryId: uuid,
      endpoints: array({ name: string, host: string, port: uint16 }),
      kRaftVersionFeature: { minSupportedVersion: int16, maxSupportedVersion: int16 },
    }),
  },
});
