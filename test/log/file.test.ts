import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { platform } from "./batches.ts";
import { logConformance } from "./conformance.ts";

const small = { platform, folder: "data", journalFileBytes: 64 * 1024 };

logConformance("file, on a disk in memory", () => openFileLog({ ...small, disk: new MemoryDisk() }));
logConformance("file, without a journal", () =>
  openFileLog({ ...small, disk: new MemoryDisk(), flushIntervalMessages: 1000 }),
);
