import type {
  Admission,
  RecordCodec,
  ReplyToken,
  StateMachine,
  StepContext,
  TransactionalProducer,
  TransactionMarker,
  TransactionResult,
} from "../../src/coordinator/machine.ts";
import { Timer } from "../../src/coordinator/timers.ts";

/** The smallest machine that has durable state, transactions, parks requests, sets timers and tells facts. */
export type CounterRequests = {
  Add: { readonly request: number; readonly reply: number | Admission };
  AddPending: { readonly request: TransactionalProducer & Added; readonly reply: Admission };
  End: { readonly request: TransactionMarker; readonly reply: Admission };
  Read: { readonly request: null; readonly reply: number };
  ParkFor: { readonly request: number; readonly reply: string };
  Forget: { readonly request: null; readonly reply: string };
  AnswerTwice: { readonly request: null; readonly reply: string };
  Break: { readonly request: null; readonly reply: never };
};
export type Added = { readonly amount: number };
export type CounterFact = { readonly sum: number };
type Context = StepContext<CounterRequests, Added, ReplyToken, CounterFact>;

export class Counter implements StateMachine<CounterRequests, Added, ReplyToken, CounterFact> {
  sum = 0;
  loads = 0;
  /** By producer: what its transaction adds if it commits. */
  readonly pending = new Map<number, number>();
  readonly #parked = new Set<ReplyToken>();

  replay(record: Added, producerId?: number): void {
    if (producerId === undefined) this.sum += record.amount;
    else this.pending.set(producerId, (this.pending.get(producerId) ?? 0) + record.amount);
  }

  replayEndTransaction(producerId: number, _producerEpoch: number, type: TransactionResult): void {
    if (type === "COMMIT") this.sum += this.pending.get(producerId) ?? 0;
    this.pending.delete(producerId);
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
      case "AddPending": {
        const asked = request as CounterRequests["AddPending"]["request"];
        return context.reply(token, context.emit([{ amount: asked.amount }], asked));
      }
      case "End":
        return context.reply(token, context.endTransaction(request as TransactionMarker));
      case "Read":
        return context.reply(token, this.sum);
      case "ParkFor":
        this.#parked.add(token);
        return context.schedule(new Timer(token), context.now.monotonicMs + (request as number));
      case "Forget":
        for (const parked of this.#parked) context.drop(parked);
        this.#parked.clear();
        return context.reply(token, "forgotten");
      case "AnswerTwice":
        context.reply(token, "once");
        return context.reply(token, "twice");
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
