/** How a command ends other than well. The exit codes are a promise (docs/command-line.md). */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unmet: 3 } as const;

/** Told on stderr in its own words, without a stack. */
export abstract class CommandError extends Error {
  abstract readonly exitCode: number;
}

/** What was asked for could not be done. */
export class FailedError extends CommandError {
  override readonly name = "FailedError";
  readonly exitCode = exitCodes.failed;
}

/** What was typed, or a setting, makes no sense: nothing was done. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
  readonly exitCode = exitCodes.usage;
}

/** All went well, and a condition that the caller set does not hold: `--fail-if-lag-over`. */
export class ConditionUnmet extends CommandError {
  override readonly name = "ConditionUnmet";
  readonly exitCode = exitCodes.unmet;
}

/** Control-C, or a signal. Exit codes are the shell's: 128 and the signal's number. */
export class Interrupted extends CommandError {
  override readonly name = "Interrupted";
  readonly exitCode: number;
  constructor(signal: "SIGINT" | "SIGTERM") {
    super(signal);
    this.exitCode = signal === "SIGINT" ? 130 : 143;
  }
}

/** Who reads our output has seen enough: `regroup … | head`. Ends quietly. */
export class ClosedPipe extends CommandError {
  override readonly name = "ClosedPipe";
  readonly exitCode = exitCodes.ok;
}
