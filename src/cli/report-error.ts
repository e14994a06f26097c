/** Tells on stderr what went wrong, and says the exit code. Loads nothing: errors of the client are known by shape. */
import { CommanderError } from "commander";
import { ClosedPipe, CommandError, exitCodes, Interrupted } from "./errors.ts";
import { warn } from "./messages.ts";

/** A KafkaError of src/client; ItemsError has the failures and results of several items. */
interface ClientError extends Error {
  readonly code: string;
  readonly retriable: boolean;
  readonly failures?: readonly { readonly item: unknown; readonly error: ClientError }[];
  readonly results?: readonly unknown[];
}

/** @returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // has told it
  if (error instanceof ClosedPipe || error instanceof Interrupted) return error.exitCode;
  if (error instanceof CommandError) {
    for (const line of error.message.split("\n")) warn(line);
    return error.exitCode;
  }
  if (isClientError(error)) {
    for (const line of new Set((error.failures ?? [{ error }]).map((each) => each.error.message))) warn(line);
    return error.code === "INVALID_CONFIG_VALUE" ? exitCodes.usage : exitCodes.failed;
  }
  warn(`a defect of regroup itself; please report it\n${error instanceof Error ? error.stack : String(error)}`);
  return exitCodes.failed;
}

export function isClientError(error: unknown): error is ClientError {
  return error instanceof Error && "code" in error && "retriable" in error;
}
