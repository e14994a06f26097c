/** What the client logs, on stderr: warnings and errors, each once; with --verbose all there is. */
import type { StructuredLogger } from "../client/logger.ts";
import { say, warn } from "./messages.ts";

export class ClientMessages implements StructuredLogger {
  /** Until then what goes wrong is told by the error that ends the command. */
  isConnected = false;
  readonly #isVerbose: boolean;
  readonly #told = new Set<string>();

  constructor(isVerbose = false) {
    this.#isVerbose = isVerbose;
  }

  debug(fields: object, message: string): void {
    if (this.#isVerbose) say(`${message}${textOf(fields)}`);
  }

  info(fields: object, message: string): void {
    this.debug(fields, message);
  }

  warn(fields: object, message: string): void {
    if (this.#isVerbose) return this.debug(fields, message);
    const { reason = "", err } = fields as { reason?: string; err?: Error };
    const line = [message, reason || err?.message].filter(Boolean).join(": ");
    if (this.isConnected && !this.#told.has(line)) warn(line);
    this.#told.add(line);
  }

  error(fields: object, message: string): void {
    this.warn(fields, message);
  }
}

function textOf(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${value instanceof Error ? value.message : JSON.stringify(value)}`)
    .join("");
}
