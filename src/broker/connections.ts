import type { ClientConnection, QueuedBytes } from "./connection.ts";

/**
 * All connections, and the bytes of requests that come in, wait or run on them: over the limit nobody is read from but
 * those whose request is counted already.
 */
export class Connections implements QueuedBytes {
  readonly #limit: number;
  readonly #open = new Set<ClientConnection>();
  #bytes = 0;
  #isOver = false;

  /** @param limit queued.max.request.bytes; -1 is unlimited. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  open(make: (queued: QueuedBytes) => ClientConnection): ClientConnection {
    const connection = make(this);
    this.#open.add(connection);
    connection.onClosed(() => this.#open.delete(connection));
    if (this.#isOver) connection.holdAll(true);
    return connection;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#look();
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#look();
  }

  #look(): void {
    const isOver = this.#limit > 0 && this.#bytes > this.#limit;
    if (isOver === this.#isOver) return;
    this.#isOver = isOver;
    for (const connection of [...this.#open]) {
      this.#open.delete(connection); // who had its turn comes last the next time
      this.#open.add(connection);
      connection.holdAll(isOver);
      if (this.#isOver !== isOver) return; // it took what had become free
    }
  }
}
