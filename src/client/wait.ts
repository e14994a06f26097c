/** Waiting that ends: by a deadline, or by the caller's signal. */

/** One call of a user: when it must be answered, and by what it may be called off. */
export interface Call {
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

export const nowMs = (): number => performance.now();

export function callWithin(timeoutMs: number, signal?: AbortSignal): Call {
  return { deadlineMs: nowMs() + timeoutMs, signal };
}

export const remainingMs = (call: Call): number => Math.max(0, call.deadlineMs - nowMs());

/**
 * Waits for the promise, but not beyond the call's deadline; the promise itself goes on.
 * @param timedOut the error when the deadline passes first.
 */
export function within<T>(promise: Promise<T>, call: Call, timedOut: () => Error): Promise<T> {
  const { signal } = call;
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(timedOut())), remainingMs(call));
    const aborted = () => end(() => reject(signal!.reason));
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      settle();
    };
    signal?.addEventListener("abort", aborted, { once: true });
    promise.then(
      (value) => end(() => resolve(value)),
      (error) => end(() => reject(error)),
    );
  });
}

/** @throws the signal's reason, as soon as it is aborted. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise<void>((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/** A promise that also rejects with the signal's reason; without a signal it costs nothing more. */
export function abortable<T>(
  signal: AbortSignal | undefined,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  if (signal === undefined) return new Promise(start);
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const aborted = () => reject(signal.reason);
  signal.addEventListener("abort", aborted, { once: true });
  start(resolve, reject);
  return promise.finally(() => signal.removeEventListener("abort", aborted));
}
