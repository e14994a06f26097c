/** Control-C and SIGTERM: the first asks the command to end, the second ends it. */
import { Interrupted } from "./errors.ts";

let controller: AbortController | undefined;

/**
 * Aborted with {@link Interrupted} by the first signal. A command that runs until it is told to stop (consume, watch)
 * returns then, and exits 0; others throw the signal's reason.
 */
export function interruption(): AbortSignal {
  if (controller !== undefined) return controller.signal;
  const made = new AbortController();
  controller = made;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const reason = new Interrupted(signal);
      if (made.signal.aborted) process.exit(reason.exitCode);
      made.abort(reason);
    });
  }
  return made.signal;
}

/** What the work gives, unless a signal comes first. @throws {Interrupted} */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
  const signal = interruption();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
