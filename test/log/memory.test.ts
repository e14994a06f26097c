import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { platform } from "./batches.ts";
import { logConformance } from "./conformance.ts";
import { transactionConformance } from "./transaction-conformance.ts";

logConformance("memory", async () => openMemoryLog({ platform }));
transactionConformance("memory", () => ({ open: async () => openMemoryLog({ platform }) }));
