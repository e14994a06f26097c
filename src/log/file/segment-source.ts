/** What reading a partition's segments takes, made when it is first read: most of many partitions hardly ever are. */
import type { Engine } from "./engine.ts";
import type { FilePartition } from "./partition.ts";
import type { SegmentSource } from "./segment.ts";

export function sourceOf(log: FilePartition, { disk, platform, files, memory, changed }: Engine): SegmentSource {
  return {
    disk,
    platform,
    files,
    memory,
    get indexIntervalBytes() {
      return log.config.indexIntervalBytes;
    },
    epochOf: (offset) => log.epochOfOffset(offset),
    indexMade: () => void changed.add(log),
  };
}
