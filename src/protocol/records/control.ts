/** Control records: what brokers write between the records of clients. Consumers skip them. */
import { plainPlatform } from "../plain-platform.ts";
import type { Platform } from "../platform.ts";
import { type BatchRecord, readRecords } from "./decode.ts";
import { encodeBatch } from "./encode.ts";
import { RecordsError } from "./errors.ts";
import type { BatchView } from "./header.ts";
import { readInt16, readInt32, writeInt16, writeInt32 } from "./integers.ts";

/** In the order of their ids in the key of a control record. */
export const controlTypes = [
  "ABORT",
  "COMMIT",
  "LEADER_CHANGE",
  "SNAPSHOT_HEADER",
  "SNAPSHOT_FOOTER",
  "KRAFT_VERSION",
  "KRAFT_VOTERS",
] as const;
export type ControlType = (typeof controlTypes)[number];

export interface ControlRecord {
  /** UNKNOWN is to be passed over. */
  readonly type: ControlType | "UNKNOWN";
  /** Of the transaction coordinator that wrote the marker; ABORT and COMMIT only. */
  readonly coordinatorEpoch?: number;
}

/** What a record of a control batch says. Versions newer than 0 are read as 0. @throws {RecordsError} */
export function readControlRecord({ key, value }: BatchRecord): ControlRecord {
  if (key === null || key.length < 4) throw new RecordsError("invalid", "a control record's key has less than 4 bytes");
  if (readInt16(key, 0) < 0)
    throw new RecordsError("invalid", `a control record's key of version ${readInt16(key, 0)}`);
  const type = controlTypes[readInt16(key, 2)] ?? "UNKNOWN";
  if (type !== "ABORT" && type !== "COMMIT") return { type };
  if (value === null || value.length < 6) throw new RecordsError("invalid", "a marker's value has less than 6 bytes");
  if (readInt16(value, 0) < 0) throw new RecordsError("invalid", `a marker of version ${readInt16(value, 0)}`);
  return { type, coordinatorEpoch: readInt32(value, 2) };
}

export interface Marker {
  readonly type: "ABORT" | "COMMIT";
  readonly coordinatorEpoch: number;
}

/** What a control batch does to a transaction; undefined: it is emptied, or of another kind. @throws {RecordsError} */
export function readMarker(batch: BatchView): Marker | undefined {
  const first = readRecords(batch, plainPlatform).next().value; // neither compressed nor with headers
  if (first === undefined) return undefined;
  const { type, coordinatorEpoch = -1 } = readControlRecord(first);
  return type === "ABORT" || type === "COMMIT" ? { type, coordinatorEpoch } : undefined;
}

export interface NewMarker {
  readonly type: "ABORT" | "COMMIT";
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly timestamp: number;
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
}

/** The batch that ends a transaction in one partition (KIP-98). */
export function encodeControlBatch(marker: NewMarker, platform: Platform): Uint8Array {
  const key = new Uint8Array(4);
  writeInt16(key, 2, controlTypes.indexOf(marker.type));
  const value = new Uint8Array(6);
  writeInt32(value, 2, marker.coordinatorEpoch);
  const { type: _, coordinatorEpoch: __, timestamp, ...batch } = marker;
  return encodeBatch({ ...batch, transactional: true, control: true, records: [{ key, value, timestamp }] }, platform);
}
