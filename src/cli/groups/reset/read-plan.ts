import { text } from "node:stream/consumers";
import { readNamedFile } from "../../read-file.ts";

/** "-" is stdin. @throws {UsageError} */
export function readPlan(file: string): Promise<string> {
  return file === "-" ? text(process.stdin) : readNamedFile(file, "--from-file");
}
