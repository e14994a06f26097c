/** Calls on several items do what can be done: a command shows that, then fails with what could not. */
import { FailedError } from "./errors.ts";
import { isClientError } from "./report-error.ts";

export interface Failure {
  /** As the call was given it. */
  readonly item: unknown;
  readonly error: Error & { readonly code: string };
}

export interface Partial<Result> {
  readonly results: readonly Result[];
  readonly failures: readonly Failure[];
}

/**
 * @param toleratedCode items that failed with it count neither as results nor as failures: "TOPIC_ALREADY_EXISTS".
 * @throws what fails as a whole.
 */
export async function partial<Result>(
  call: Promise<readonly Result[]>,
  toleratedCode?: string | undefined,
): Promise<Partial<Result>> {
  try {
    return { results: await call, failures: [] };
  } catch (error) {
    if (!isClientError(error) || error.failures === undefined) throw error;
    const failures = error.failures.filter((failure) => failure.error.code !== toleratedCode);
    return { results: error.results as readonly Result[], failures };
  }
}

/** The last line of such a command. @throws {FailedError} with a line for each failure. */
export function throwFailures(...failures: readonly (readonly Failure[])[]): void {
  const lines = new Set(failures.flat().map(({ error }) => error.message));
  if (lines.size > 0) throw new FailedError([...lines].join("\n"));
}
