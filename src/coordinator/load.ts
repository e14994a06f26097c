import type { PartitionLog } from "../log/log.ts";
import type { Platform } from "../protocol/platform.ts";
import { batches, readRecords } from "../protocol/records/batch.ts";
import type { RecordCodec } from "./machine.ts";

const chunkBytes = 1024 * 1024;

/** Answers of a shard may rest on what it has read: an append of an earlier leader may still be on its way to disk. */
async function untilDurable(log: PartitionLog, end: number, wanted: () => boolean): Promise<void> {
  while (log.highWatermark < end && wanted()) {
    await new Promise<void>((resolve) => {
      const unwatch = log.watch(() => {
        unwatch();
        resolve();
      });
    });
  }
}

/**
 * Replays a partition from its start to its end as of now, in order (rule 42): later records win, tombstones delete,
 * unknown record types are skipped, control batches hold no record of a machine. Resolves when all of it is durable.
 * @param wanted asked between reads; false ends the replay early.
 */
export async function replayLog<Record>(
  log: PartitionLog,
  codec: RecordCodec<Record>,
  platform: Platform,
  replay: (record: Record) => void,
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
        if (batch.lastOffset >= offset && !batch.control) {
          for (const record of readRecords(batch, platform)) {
            if (record.offset < offset || record.key === null) continue;
            const decoded = codec.decode(record.key, record.value);
            if (decoded !== undefined) replay(decoded);
          }
        }
        offset = Math.max(offset, batch.lastOffset + 1);
      }
    }
  }
  await untilDurable(log, end, wanted);
}
