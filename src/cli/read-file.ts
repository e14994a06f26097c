import { readFile } from "node:fs/promises";
import { UsageError } from "./errors.ts";

const reasons: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `there is no file ${path}`,
  EISDIR: (path) => `${path} is a folder, expected a file`,
  EACCES: (path) => `${path} may not be read`,
};

/**
 * A file that was named by whoever typed the command. @param what names the flag, or what it is for.
 * @throws {UsageError}
 */
export function readNamedFile(path: string, what: string): Promise<string> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${what}: ${reasons[error.code ?? ""]?.(path) ?? error.message}`);
  });
}
