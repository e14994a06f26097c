import type { Admission, RecordCodec, ReplyToken, StateMachine, StepContext } from "../../src/coordinator/machine.ts";
import { Timer } from "../../src/coordinator/timers.ts";

/** The smallest machine that has durable state, parks requests, sets timers and tells facts. */
export type CounterRequests = {
  Add: { readonly request: number; readonly reply: number | Admission };
  Read: { readonly request: null; readonly reply: number };
  ParkFor: { readonly request: number; readonly reply: string };
  Forget: { readonly request: null; readonly reply: string };
  Break: { readonly request: null; readonly reply: never };
};
export type Added = { readonly amount: number };
export type CounterFact = { readonly sum: number };
type Context = StepContext<CounterRequests, Added, ReplyToken, CounterFact>;

export class Counter implements StateMachine<CounterRequests, Added, ReplyToken, CounterFact> {
  sum = 0;
  loads = 0;
  readonly #parked = new Set<ReplyToken>();

  replay(record: Added): void {
    this.sum += record.amount;
  }

  loaded(): void {
    this.loads++;
  }

  request<K extends keyof CounterRequests>(
    type: K,
    request: CounterRequests[K]["request"],
    token: ReplyToken,
    context: Context,
  ): void {
    switch (type) {
      case "Add": {
        const admission = context.emit([{ amount: request as number }]);
        if (!admission.ok) return context.reply(token, admission);
        context.publish({ sum: this.sum });
        return context.reply(token, this.sum);
      }
      case "Read":
        return context.reply(token, this.sum);
      case "ParkFor":
        this.#parked.add(token);
        return context.schedule(new Timer(token), context.now.monotonicMs + (request as number));
      case "Forget":
        for (const parked of this.#parked) context.drop(parked);
        this.#parked.clear();
        return context.reply(token, "forgotten");
      default:
        throw new Error("impossible state");
    }
  }

  timer(token: ReplyToken, context: Context): void {
    if (this.#parked.delete(token)) context.reply(token, "time is up");
  }
}

export const counterCodec: RecordCodec<Added> = {
  encode: ({ amount }) => ({ key: Uint8Array.of(1), value: new Uint8Array(new Float64Array([amount]).buffer) }),
  decode: (key, value) =>
    key[0] === 1 && value !== null ? { amount: new Float64Array(value.slice().buffer)[0]! } : undefined,
};
