/** What a test has the broker do wrong: rules that stand between requests and their handlers. */
import type { Answer, Connection } from "../broker/context.ts";
import type { Interception } from "../broker/interceptor.ts";
import { ErrorCode, type ErrorName } from "../protocol/errors.ts";
import type { Api } from "../protocol/schema.ts";
import { refusal } from "./answers.ts";
import type { AwaitOptions } from "./awaiting.ts";
import { type Duration, milliseconds } from "./duration.ts";
import { matches, type RequestEntry, type RequestFilter } from "./history.ts";

type Answering = Answer<Api> | Promise<Answer<Api>>;
/** What a fault does to one request in place of `next`, which is what would happen without it. */
type Action = (call: Interception, entry: RequestEntry, next: () => Answering) => Answering;

/** A fault at work. It ends by itself after `once()` and `times(n)`, and by `remove()`; disposable. */
export interface Fault {
  /** How many requests it has hit. */
  readonly hits: number;
  /** Resolves when it has hit so many requests. @throws with what happened lately when that takes too long. */
  hit(times?: number, options?: AwaitOptions): Promise<void>;
  /** Ends it. What it holds goes on; connections that it left without an answer are closed. */
  remove(): void;
  /** For `using`: removes it. */
  [Symbol.dispose](): void;
}

/** A fault that makes requests wait until told. */
export interface HeldRequests extends Fault {
  /** Lets those that wait go on, and ends the fault. */
  release(): void;
}

interface Rule {
  readonly filter: RequestFilter;
  readonly name: string;
  readonly action: Action;
  readonly onRemoved: () => void;
  toPass: number;
  left: number;
  hits: number;
}

export interface FaultSurroundings {
  /** A fault has hit: some await it. */
  readonly happened: () => void;
  /** Resolves when `look` holds; looks whenever something happened. */
  readonly awaits: (what: string, look: () => boolean, options?: AwaitOptions) => Promise<void>;
}

export class Faults {
  readonly #rules: Rule[] = [];
  readonly #surroundings: FaultSurroundings;
  /** Connections of clients that were told to slow down (KIP-219): what they ask before is looked at later. */
  readonly #throttledUntilMs = new WeakMap<Connection, number>();

  constructor(surroundings: FaultSurroundings) {
    this.#surroundings = surroundings;
  }

  on(filter: RequestFilter): FaultRule {
    return new FaultRule(this, filter);
  }

  /** Ends all. */
  clear(): void {
    for (const rule of [...this.#rules]) this.#remove(rule);
  }

  answer(call: Interception, entry: RequestEntry, next: () => Answering): Answering {
    const untilMs = this.#throttledUntilMs.get(call.context.connection);
    const waitMs = (untilMs ?? 0) - call.context.broker.clock.now().monotonicMs;
    if (waitMs > 0) return pause(waitMs, call).then(() => this.#applied(call, entry, next));
    return this.#applied(call, entry, next);
  }

  #applied(call: Interception, entry: RequestEntry, next: () => Answering): Answering {
    const rule = this.#rules.find((each) => matches(entry, each.filter) && --each.toPass < 0);
    if (rule === undefined) return next();
    rule.hits += 1;
    rule.left -= 1;
    entry.fault = rule.name;
    this.#surroundings.happened(); // a client that was told to slow down is looked at long after it has asked
    if (rule.left <= 0) this.#rules.splice(this.#rules.indexOf(rule), 1);
    return rule.action(call, entry, next);
  }

  add(filter: RequestFilter, name: string, { skip, times }: Counts, action: Action, onRemoved = () => {}): Fault {
    const rule: Rule = { filter, name, action, onRemoved, toPass: skip, left: times, hits: 0 };
    this.#rules.push(rule);
    const remove = () => this.#remove(rule);
    const { awaits } = this.#surroundings;
    return {
      get hits() {
        return rule.hits;
      },
      hit: (wanted = 1, options) =>
        awaits(`the fault "${name}" to hit ${wanted} requests`, () => rule.hits >= wanted, options),
      remove,
      [Symbol.dispose]: remove,
    };
  }

  #remove(rule: Rule): void {
    const at = this.#rules.indexOf(rule);
    if (at >= 0) this.#rules.splice(at, 1);
    rule.onRemoved();
  }

  throttled({ context: { broker, connection } }: Interception, ms: number): void {
    this.#throttledUntilMs.set(connection, broker.clock.now().monotonicMs + ms);
  }
}

/** By the broker's clock, which goes when the broker does: what it was to look at later is not looked at any more. */
function pause(ms: number, { context }: Interception): Promise<void> {
  return new Promise((resolve) => void context.broker.clock.after(ms, resolve));
}

interface Counts {
  /** So many requests pass first. */
  readonly skip: number;
  /** So many are hit. */
  readonly times: number;
}

/** The first half of a fault: which requests, and how many of them. The second half is what happens to them. */
export class FaultRule {
  readonly #faults: Faults;
  readonly #filter: RequestFilter;
  #counts: Counts = { skip: 0, times: Number.POSITIVE_INFINITY };

  constructor(faults: Faults, filter: RequestFilter) {
    this.#faults = faults;
    this.#filter = filter;
  }

  /** Only the next one. */
  once(): this {
    return this.times(1);
  }

  /** Only the next so many. */
  times(count: number): this {
    this.#counts = { ...this.#counts, times: count };
    return this;
  }

  /** Lets so many pass first. */
  skip(count: number): this {
    this.#counts = { ...this.#counts, skip: count };
    return this;
  }

  /** Answers with this error; the broker does nothing. */
  fail(error: ErrorName): Fault {
    const errorCode = ErrorCode[error];
    if (errorCode === undefined) throw new RangeError(`${error} is no error of Kafka's`);
    return this.#add(`fail ${error}`, ({ api, request, context }) => refusal(api, context.version, request, errorCode));
  }

  /** Waits before the broker looks at it; by the broker's clock. */
  delay(by: Duration): Fault {
    const ms = milliseconds(by);
    return this.#add(`delay ${by}`, async (call, _entry, next) => {
      await pause(ms, call);
      return next();
    });
  }

  /** Has it wait until the test releases it. */
  hold(): HeldRequests {
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = async (_call: Interception, _entry: RequestEntry, next: () => Answering) => {
      await promise;
      return next();
    };
    const fault = this.#add("hold", held, resolve);
    return Object.defineProperties(fault, { release: { value: fault.remove } }) as HeldRequests;
  }

  /** Closes the connection in place of an answer: before the broker looks at the request, or after it has done it. */
  drop(when: "before" | "after" = "before"): Fault {
    return this.#add(`drop ${when}`, async ({ context }, entry, next) => {
      if (when === "after") await next();
      entry.outcome = "dropped";
      context.connection.close("a fault of the test drops it");
      return undefined;
    });
  }

  /** Neither does nor answers it, as when packets are lost. When the fault ends, these connections are closed. */
  blackHole(): Fault {
    const swallowed = new Set<Connection>();
    const swallow: Action = ({ context }, entry) => {
      swallowed.add(context.connection);
      context.connection.onClosed(() => swallowed.delete(context.connection));
      entry.outcome = "swallowed";
      return new Promise(() => undefined);
    };
    return this.#add("black hole", swallow, () => {
      for (const connection of swallowed) connection.close("the test's black hole is gone");
    });
  }

  /** Writes the answer in another version than the client asked in, as a broken broker may. */
  answerInVersion(version: number): Fault {
    return this.#add(`answer in version ${version}`, ({ answerIn }, _entry, next) => {
      answerIn(version);
      return next();
    });
  }

  /** Tells the client to slow down, and looks at what it asks on this connection after that time (KIP-219). */
  throttle(by: Duration): Fault {
    const throttleTimeMs = milliseconds(by);
    return this.#add(`throttle ${by}`, async (call, _entry, next) => {
      const answer = await next();
      this.#faults.throttled(call, throttleTimeMs);
      return answer === undefined ? undefined : { ...answer, throttleTimeMs };
    });
  }

  /** Answers what `change` makes of the broker's answer. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any API, in the terms of src/protocol/apis
  answer(change: (response: any, request: RequestEntry) => object): Fault {
    return this.#add("answer", async (_call, entry, next) => change(await next(), entry) as Answer<Api>);
  }

  #add(name: string, action: Action, onRemoved?: () => void): Fault {
    return this.#faults.add(this.#filter, name, this.#counts, action, onRemoved);
  }
}
