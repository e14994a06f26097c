/** Where a client says what it does. Nothing is said unless a logger is given. */

/** pino as it is. */
export interface StructuredLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
export type LogLevel = keyof StructuredLogger;
export type ClientLogger = StructuredLogger;

/** Pino, or the console. */
export type LoggerInput = StructuredLogger | Console;

const levels = ["debug", "info", "warn", "error"] as const;

export const silentLogger: ClientLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** The console prints what it is given in order: there the message comes first. */
export function loggerFrom(input: LoggerInput | undefined): ClientLogger {
  if (input === undefined) return silentLogger;
  if (!("table" in input)) return input;
  const made = levels.map((level) => [
    level,
    (fields: object, message: string) => input[level](`regroup: ${message}`, fields),
  ]);
  return Object.fromEntries(made) as ClientLogger;
}
