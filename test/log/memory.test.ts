import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { platform } from "./batches.ts";
import { logConformance } from "./conformance.ts";

logConformance("memory", async () => openMemoryLog({ platform }));
