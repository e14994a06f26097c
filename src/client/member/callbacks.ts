import type { MemberAction } from "./member-action.ts";
import type { Partitions } from "./partitions.ts";

/** What the application is called for. */
export type Callback = Extract<MemberAction, { readonly type: "revoke" | "lose" | "assign" }>;

/** Calls that are not done yet; they are made one after the other. */
export class Callbacks {
  readonly #queue: Callback[] = [];

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Partitions are still to be given up. */
  get giveUp(): boolean {
    return this.#queue.some(({ type }) => type !== "assign");
  }

  get inRevocation(): Partitions {
    return this.#queue.flatMap(({ type, partitions }) => (type === "revoke" ? partitions : []));
  }

  add(callback: Callback): void {
    this.#queue.push(callback);
  }

  /** @returns the first, which is done */
  done(): Callback {
    const done = this.#queue.shift();
    if (done === undefined) throw new Error("no callback is running");
    return done;
  }
}
