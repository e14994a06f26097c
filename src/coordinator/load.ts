import type { PartitionLog } from "../log/log.ts";
import type { Platform } from "../protocol/platform.ts";
import { type BatchView, batches, readControlRecord, readRecords } from "../protocol/records/batch.ts";
import type { RecordCodec, Requests, StateMachine } from "./machine.ts";

const chunkBytes = 1024 * 1024;

/**
 * Answers of a shard may rest on what it has read: an append of an earlier leader may still be on its way to disk.
 * @throws when it will never be there: the log has forgotten it.
 */
async function untilDurable(log: PartitionLog, end: number, wanted: () => boolean): Promise<void> {
  while (log.highWatermark < end && wanted()) {
    if (log.logEndOffset < end) {
      const at = `${log.topic}-${log.partition}`;
      throw new Error(`${at} was read up to offset ${end}, and what is from ${log.logEndOffset} on was not kept`);
    }
    await new Promise<void>((resolve) => {
      const unwatch = log.watch(() => {
        unwatch();
        resolve();
      });
    });
  }
}

/** What of a machine a log is replayed into. */
type Replayed<Record> = Pick<StateMachine<Requests, Record, never, never>, "replay" | "replayEndTransaction">;

/**
 * Replays a partition from its start to its end as of now, in order (rule 42): later records win, tombstones delete,
 * unknown record types are skipped, control batches end transactions. Resolves when all of it is durable.
 * @param wanted asked between reads; false ends the replay early.
 */
export async function replayLog<Record>(
  log: PartitionLog,
  codec: RecordCodec<Record>,
  platform: Platform,
  machine: Replayed<Record>,
  wanted: () => boolean,
): Promise<void> {
  let offset = log.logStartOffset;
  const end = log.logEndOffset;
  while (offset < end && wanted()) {
    const read = await log.read(offset, { maxBytes: chunkBytes, atLeastOne: true, upTo: "log-end" });
    if (read === undefined) throw new Error(`${log.topic}-${log.partition} has nothing at offset ${offset}`);
    if (read.bytes === 0) break; // compaction emptied the rest
    for (const chunk of read.chunks) {
      for (const batch of batches(chunk)) {
        if (batch.lastOffset >= offset) replayBatch(batch, offset, codec, platform, machine);
        offset = Math.max(offset, batch.lastOffset + 1);
      }
    }
  }
  await untilDurable(log, Math.max(offset, end), wanted); // whoever leads now may have appended meanwhile
}

function replayBatch<Record>(
  batch: BatchView,
  from: number,
  codec: RecordCodec<Record>,
  platform: Platform,
  machine: Replayed<Record>,
): void {
  const producerId = batch.transactional ? batch.producerId : undefined;
  for (const record of readRecords(batch, platform)) {
    if (record.offset < from || record.key === null) continue;
    if (batch.control) {
      const { type } = readControlRecord(record);
      if (type !== "COMMIT" && type !== "ABORT") continue;
      machine.replayEndTransaction?.(batch.producerId, batch.producerEpoch, type);
    } else {
      const decoded = codec.decode(record.key, record.value);
      if (decoded !== undefined) machine.replay(decoded, producerId);
    }
  }
}
