import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { platform } from "./batches.ts";
import { logConformance } from "./conformance.ts";
import { type Storage, transactionConformance } from "./transaction-conformance.ts";

const small = { platform, folder: "data", journalFileBytes: 64 * 1024 };

function storage(options: object = {}): Storage {
  let disk = new MemoryDisk();
  return {
    open: () => openFileLog({ ...small, ...options, disk }),
    crash: () => {
      disk = disk.crash({ kind: "kill" });
    },
  };
}

for (const [name, options] of [
  ["file, on a disk in memory", {}],
  ["file, left to the system", { flushIntervalMessages: 1000 }],
] as const) {
  logConformance(name, () => storage(options).open());
  transactionConformance(name, () => storage(options));
}
