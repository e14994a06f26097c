import { segmentsToDelete } from "../segments.ts";
import type { Engine } from "./engine.ts";
import type { FilePartition } from "./partition.ts";

/** Retention, one round. The files go after the next checkpoint, which does not name them any more. */
export async function deleteOldSegments(log: FilePartition, engine: Engine, wallMs: number): Promise<void> {
  if (segmentsToDelete(log.segments, log, log.config, wallMs) === 0) return;
  await log.inLane(async () => {
    await log.writeTail();
    let count = segmentsToDelete(log.segments, log, log.config, wallMs);
    if (count === log.segments.length && log.tail.written < log.tail.length) count--; // it was appended to meanwhile
    const gone = log.segments.splice(0, count);
    const last = gone.at(-1);
    if (last === undefined) return;
    engine.doom(gone.flatMap((segment) => segment.paths));
    engine.changed.add(log);
    log.moveStart(Math.min(last.lastOffset + 1, log.highWatermark));
  });
}
