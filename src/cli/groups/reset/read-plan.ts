import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { UsageError } from "../../errors.ts";

/** "-" is stdin. @throws {UsageError} */
export function readPlan(file: string): Promise<string> {
  const read = file === "-" ? text(process.stdin) : readFile(file, "utf8");
  return read.catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--from-file ${file}: ${error.code === "ENOENT" ? "there is no such file" : error.message}`);
  });
}
