/** Data: on stdout, nothing else. */
import { ClosedPipe, FailedError } from "./errors.ts";

/** Resolves when it is written: a slow reader is waited for. @throws {ClosedPipe} when nobody reads any more. */
export function writeOut(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => {
      if (error == null) resolve();
      else if ((error as NodeJS.ErrnoException).code === "EPIPE") reject(new ClosedPipe());
      else reject(new FailedError(`stdout: ${error.message}`));
    });
  });
}

/** A stream's error is also an event, which would end the process: whoever writes is told, by `writeOut`. */
export function expectClosedPipes(): void {
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
}
