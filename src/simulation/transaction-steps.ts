/** What must hold of a transaction coordinator around each of its steps, and of its answers. */
import { ErrorCode } from "../protocol/errors.ts";
import { isPrepared, type TransactionMetadata } from "../transaction/record.ts";
import type { ProducerIdAndEpoch } from "../transaction/requests.ts";
import type { TransactionStep, WatchedTransactions } from "./watched-transactions.ts";
import type { World } from "./world.ts";

/** Who speaks, in AddPartitions and EndTransaction. */
type Spoken = ProducerIdAndEpoch & { readonly transactionalId: string };

/** @returns what is to be checked when the step is over. */
export function watchTransactionStep(world: World, coordinator: WatchedTransactions, step: TransactionStep) {
  const { durable } = coordinator.shard;
  const spoken = step.type === "AddPartitions" || step.type === "EndTransaction" ? (step.request as Spoken) : undefined;
  const before = spoken && durable.get(spoken.transactionalId);
  const wanted = step.type === "InitProducerId" ? durable.get((step.request as Spoken).transactionalId) : undefined;
  return () => {
    if (spoken !== undefined && isStale(spoken, before) && step.records.length > 0) {
      const message = `${step.type} of ${spoken.transactionalId} in epoch ${spoken.producerEpoch}`;
      world.violated("a fenced producer changes nothing", message);
    }
    if (wanted !== undefined) checkBeginning(world, step, wanted);
    checkRest(world, coordinator, step);
  };
}

function isStale({ producerId, producerEpoch }: Spoken, before: TransactionMetadata | undefined): boolean {
  return before?.producerId !== producerId || before.producerEpoch !== producerEpoch;
}

/** Who begins anew fences who was there before: it has an epoch, or an id, that nobody has had. */
function checkBeginning(world: World, { request, replies }: TransactionStep, before: TransactionMetadata): void {
  const { transactionalId, expected } = request as { transactionalId: string; expected?: ProducerIdAndEpoch };
  const answer = replies[0]?.response as (ProducerIdAndEpoch & { readonly errorCode: number }) | undefined;
  if (answer?.errorCode !== ErrorCode.NONE || expected !== undefined) return;
  const fences = answer.producerId !== before.producerId || answer.producerEpoch > before.producerEpoch;
  const isFree = before.state !== "Ongoing" && !isPrepared(before);
  if (fences && isFree) return;
  const message = `${transactionalId} goes on from ${before.state} in epoch ${answer.producerEpoch}`;
  world.violated("who begins anew fences who was there", message);
}

/** No request waits in a transaction coordinator; and it always looks for what takes too long, or is forgotten. */
function checkRest(world: World, { parked, timers, partition }: WatchedTransactions, { type }: TransactionStep): void {
  const wrong = (message: string) =>
    world.violated(
      "a transaction coordinator agrees with itself",
      `shard ${partition} after ${String(type)}: ${message}`,
    );
  if (parked.size > 0) wrong(`${parked.size} requests have no answer`);
  const kinds = new Set(timers.map(({ purpose }) => purpose.kind));
  if (kinds.size < 2) wrong(`only ${[...kinds].join()} is looked at`);
}

/** An answer that says when it is looked at: that is not before it was let go. */
export function noticed<T>(answer: T, lookedAt: () => void): T {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return answer;
  return new Proxy(answer, {
    get(of, name) {
      lookedAt();
      return Reflect.get(of, name);
    },
    ownKeys(of) {
      lookedAt();
      return Reflect.ownKeys(of);
    },
  });
}
