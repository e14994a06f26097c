import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder, deleted when this process ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "regroup-interop-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
