import type { MemberAction } from "./member-action.ts";
import type { Partitions } from "./partitions.ts";

/** What the application is called for, one after the other. */
export type Callback = Extract<MemberAction, { readonly type: "revoke" | "lose" | "assign" }>;

export class Callbacks {
  /** The first runs. */
  #queue: Callback[] = [];

  get running(): Callback | undefined {
    return this.#queue[0];
  }

  /** Partitions are still to be given up. */
  get giveUp(): boolean {
    return this.#queue.some(({ type }) => type !== "assign");
  }

  /** @returns whether it runs now, none being before it */
  add(callback: Callback): boolean {
    return this.#queue.push(callback) === 1;
  }

  /** The first is done. @returns it; the next one, if there is one, runs now */
  done(): Callback {
    const done = this.#queue.shift();
    if (done === undefined) throw new Error("no callback is running");
    return done;
  }

  /** What waits to be revoked will not be: it is lost. @returns what is being revoked by the one that runs */
  dropWaitingRevokes(): Partitions {
    this.#queue = this.#queue.filter(({ type }, at) => at === 0 || type !== "revoke");
    return this.running?.type === "revoke" ? this.running.partitions : [];
  }
}
