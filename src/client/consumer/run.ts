/** Handlers for records or batches: several partitions at once, each partition in its order. */
import { ClientConfigError } from "../errors.ts";
import type { BatchRead, RecordRead } from "../topic-types.ts";
import type { Handout, Reader, Work } from "./handout.ts";
import { oneBatch, oneRecord, type Portion } from "./loops.ts";

/** What a handler is given beside its record or batch. */
export interface HandlerContext {
  /** Aborted when somebody else may have the partition, and when the run ends early. */
  readonly signal: AbortSignal;
}

interface RunLimits {
  /** Partitions handled at once. Default: 1. */
  readonly concurrency?: number;
  /** Ends the run: handlers that are at work are told by their signal, and awaited. */
  readonly signal?: AbortSignal;
}

/** A handler for records or one for batches, and how many partitions are handled at once. */
export type RunOptions<K, V, Topics = unknown> = RunLimits &
  (
    | {
        /** Awaited for each record, before the next one of its partition. */
        readonly eachRecord: (record: RecordRead<K, V, Topics>, context: HandlerContext) => unknown;
        readonly eachBatch?: undefined;
      }
    | {
        /** Awaited for each batch of at most max.poll.records, before the next one of its partition. */
        readonly eachBatch: (batch: BatchRead<K, V, Topics>, context: HandlerContext) => unknown;
        readonly eachRecord?: undefined;
      }
  );

/** One run. A handler's signal is aborted when the run ends early, and when its partition is lost. */
interface Running {
  isEnded: boolean;
  readonly atWork: Set<AbortController>;
}

/**
 * Resolves when the consumer is closed or the signal aborted, and all handlers have returned.
 * @throws what a handler threw, or what keeps the consumer from reading; what was not handled is handed out again.
 */
export async function run<K, V, Topics>(
  handout: Handout,
  options: RunOptions<K, V, Topics>,
  maxRecords: number,
): Promise<void> {
  const { concurrency = 1, signal } = options;
  refuseWhatCannotRun(options);
  const running: Running = { isEnded: false, atWork: new Set() };
  const end = () => {
    running.isEnded = true;
    for (const controller of running.atWork) controller.abort(signal?.reason);
    handout.wake();
  };
  const reader: Reader = { abandon: () => handout.wake() };
  handout.enter(reader);
  if (signal?.aborted) end();
  signal?.addEventListener("abort", end, { once: true });
  const worker = async () => {
    try {
      if (options.eachBatch !== undefined) {
        await work(handout, oneBatch<BatchRead<K, V, Topics>>(handout, maxRecords), options.eachBatch, running);
      } else {
        await work(handout, oneRecord<RecordRead<K, V, Topics>>(handout), options.eachRecord, running);
      }
    } catch (error) {
      end();
      throw error;
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  signal?.removeEventListener("abort", end);
  handout.leave(reader);
  const failed = workers.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Types tell it, too, but not to everybody. */
function refuseWhatCannotRun(
  options: RunLimits & { readonly eachRecord?: unknown; readonly eachBatch?: unknown },
): void {
  const { concurrency = 1, eachRecord, eachBatch } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new ClientConfigError(`concurrency: expected an integer, at least 1; got ${concurrency}`);
  }
  if ((eachRecord === undefined) === (eachBatch === undefined)) {
    throw new ClientConfigError("a run takes one handler: eachRecord or eachBatch");
  }
}

async function work<T>(
  handout: Handout,
  portion: Portion<T>,
  handle: (value: T, context: HandlerContext) => unknown,
  running: Running,
): Promise<void> {
  for (;;) {
    const taken = await handout.take(() => running.isEnded);
    if (taken === undefined) return;
    await handleAll(handout, taken, portion, handle, running);
  }
}

async function handleAll<T>(
  handout: Handout,
  taken: Work,
  portion: Portion<T>,
  handle: (value: T, context: HandlerContext) => unknown,
  running: Running,
): Promise<void> {
  const { partition } = taken;
  const controller = new AbortController();
  const { signal } = controller;
  partition.work = controller;
  running.atWork.add(controller);
  try {
    for (let value = portion(taken); value !== undefined; value = portion(taken)) {
      await handle(value, { signal });
      handout.processed(taken);
      if (running.isEnded || handout.isClosed) return;
    }
  } catch (error) {
    handout.takeBack(taken);
    throw error;
  } finally {
    partition.work = undefined;
    running.atWork.delete(controller);
    handout.release(taken);
  }
}
