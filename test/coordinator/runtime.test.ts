import assert from "node:assert/strict";
import { test } from "node:test";
import { Runtime } from "../../src/coordinator/runtime.ts";
import type { MaybePromise, Submitted } from "../../src/coordinator/shard.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { plainPlatform } from "../../src/protocol/plain-platform.ts";
import { batches } from "../../src/protocol/records/batch.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { settle, VirtualClock } from "../support/virtual-clock.ts";
import { Counter, type CounterFact, counterCodec } from "./counter.ts";
import { GatedLog } from "./gated-log.ts";

function world(log = new GatedLog()) {
  const clock = new VirtualClock();
  const machines: Counter[] = [];
  const facts: CounterFact[] = [];
  const failures: unknown[] = [];
  const recovered: number[] = [];
  const runtime = new Runtime({
    clock,
    rng: seededRng(),
    platform: plainPlatform,
    codec: counterCodec,
    machine: () => {
      const machine = new Counter();
      machines.push(machine);
      return machine;
    },
    onFact: (fact) => facts.push(fact),
    onFailure: (_partition, error) => failures.push(error),
    onRecovered: (partition) => recovered.push(partition),
  });
  return { clock, log, machines, facts, failures, recovered, runtime };
}

/** What the request was answered with, or undefined while it waits. */
function watch<T>(answer: MaybePromise<Submitted<T>>): { answer: Submitted<T> | undefined } {
  const seen: { answer: Submitted<T> | undefined } = { answer: undefined };
  void Promise.resolve(answer).then((settled) => {
    seen.answer = settled;
  });
  return seen;
}

test("a reply and its fact leave only after the records behind them are durable", async () => {
  const { log, runtime, machines, facts } = world();
  await runtime.load(0, log.port(), 1);
  const added = watch(runtime.submit(0, "Add", 5));
  await settle();
  assert.equal(machines[0]!.sum, 5, "the record is replayed at once");
  assert.equal(added.answer, undefined);
  assert.deepEqual(facts, []);
  log.syncOne();
  await settle();
  assert.deepEqual(added.answer, { ok: true, reply: 5 });
  assert.deepEqual(facts, [{ sum: 5 }]);
});

test("a read behind a pending append is parked with it", async () => {
  const { log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  void runtime.submit(0, "Add", 5);
  const read = watch(runtime.submit(0, "Read", null));
  await settle();
  assert.equal(read.answer, undefined);
  log.syncOne();
  await settle();
  assert.deepEqual(read.answer, { ok: true, reply: 5 });
});

test("what is answered while nothing waits for the log is there at once", async () => {
  const { log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  assert.deepEqual(runtime.submit(0, "Read", null), { ok: true, reply: 0 });
  const added = runtime.submit(0, "Add", 5);
  assert.ok(added instanceof Promise);
  assert.ok(runtime.submit(0, "Read", null) instanceof Promise, "it rests on what is not durable");
  log.syncOne();
  assert.deepEqual(await added, { ok: true, reply: 5 });
  assert.deepEqual(runtime.submit(0, "Read", null), { ok: true, reply: 5 });
});

test("what is emitted while an append is in flight goes into one batch behind it", async () => {
  const { log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  const answers = [1, 2, 3].map((amount) => watch(runtime.submit(0, "Add", amount)));
  assert.equal(log.appendsInFlight, 1);
  log.syncOne();
  await settle();
  assert.deepEqual(answers[0]!.answer, { ok: true, reply: 1 });
  assert.equal(answers[1]!.answer, undefined);
  log.syncOne();
  await settle();
  assert.deepEqual(answers[2]!.answer, { ok: true, reply: 6 });
  const counts = log.stored.map((bytes) => [...batches(bytes)].map((batch) => batch.count));
  assert.deepEqual(counts, [[1], [2]]);
});

test("batches stay within the partition's largest message", async () => {
  const { log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  const answers = Array.from({ length: 100 }, () => watch(runtime.submit(0, "Add", 1)));
  while (log.appendsInFlight > 0) {
    log.syncOne();
    await settle();
  }
  assert.deepEqual(answers.at(-1)!.answer, { ok: true, reply: 100 });
  assert.ok(log.stored.every((bytes) => bytes.length <= log.config.maxMessageBytes));
});

test("an append that the log does not admit changes nothing and is the step's to answer", async () => {
  const { log, runtime, machines } = world();
  await runtime.load(0, log.port(), 1);
  log.refusal = "record-too-large";
  const refused = await runtime.submit(0, "Add", 5);
  assert.deepEqual(refused, { ok: true, reply: { ok: false, errorCode: ErrorCode.RECORD_LIST_TOO_LARGE } });
  assert.equal(machines[0]!.sum, 0);
  assert.deepEqual(log.stored, []);
});

test("a shard that loads answers COORDINATOR_LOAD_IN_PROGRESS, then stands where the log ends", async () => {
  const { log, runtime, machines } = world();
  await runtime.load(0, log.port(), 1);
  void runtime.submit(0, "Add", 5);
  log.syncOne();
  await settle();
  const loading = runtime.load(0, log.port(), 2);
  const early = await runtime.submit(0, "Read", null);
  assert.deepEqual(early, { ok: false, errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS });
  await loading;
  assert.deepEqual(await runtime.submit(0, "Read", null), { ok: true, reply: 5 });
  assert.equal(machines.length, 2);
});

test("a shard serves only when its predecessor's last append is durable (simulate --seed 78)", async () => {
  const { log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  void runtime.submit(0, "Add", 5);
  void runtime.load(0, log.port(), 2);
  await settle();
  assert.equal(runtime.state(0), "loading");
  log.syncOne();
  await settle();
  assert.equal(runtime.state(0), "active");
});

test("a shard serves only when all is durable that it read, also what came meanwhile (seed 500011659)", async () => {
  const { log, runtime } = world();
  await runtime.load(0, log.port(), 2);
  void runtime.submit(0, "Add", 5);
  log.syncOne();
  await settle();
  const deposed = world(log).runtime;
  void deposed.load(0, log.port(), 1);
  void runtime.submit(0, "Add", 7);
  await settle();
  assert.equal(deposed.state(0), "loading");
  log.syncOne();
  await settle();
  assert.equal(deposed.state(0), "active");
});

test("a shard whose predecessor's last append is lost while it waits for it is told, and loads again", async () => {
  const { clock, log, runtime, failures } = world();
  await runtime.load(0, log.port(), 1);
  void runtime.submit(0, "Add", 5);
  const loading = runtime.load(0, log.port(), 2);
  await settle();
  assert.equal(runtime.state(0), "loading");
  log.forgetAll(new Error("disk"));
  await loading;
  assert.match(String(failures[0]), /was read up to offset 1, and what is from 0 on was not kept/);
  await clock.advance(1000);
  assert.deepEqual(await runtime.submit(0, "Read", null), { ok: true, reply: 0 });
});

test("an older or equal leader epoch loads and unloads nothing", async () => {
  const { log, runtime, machines } = world();
  await runtime.load(0, log.port(), 2);
  await runtime.load(0, log.port(), 1);
  await runtime.load(0, log.port(), 2);
  runtime.unload(0, 1);
  assert.equal(machines.length, 1);
  assert.equal(runtime.state(0), "active");
});

test("a partition that is not led here answers NOT_COORDINATOR, as does all that is parked when it goes", async () => {
  const { log, runtime } = world();
  assert.deepEqual(await runtime.submit(0, "Read", null), { ok: false, errorCode: ErrorCode.NOT_COORDINATOR });
  await runtime.load(0, log.port(), 1);
  const parked = runtime.submit(0, "ParkFor", 60_000);
  const waiting = runtime.submit(0, "Add", 5);
  runtime.unload(0, 1);
  assert.deepEqual(await parked, { ok: false, errorCode: ErrorCode.NOT_COORDINATOR });
  assert.deepEqual(await waiting, { ok: false, errorCode: ErrorCode.NOT_COORDINATOR });
});

test("an append that fails after its replay drops the shard and loads it again from the log", async () => {
  const { clock, log, runtime, machines, failures } = world();
  await runtime.load(0, log.port(), 1);
  const lost = runtime.submit(0, "Add", 5);
  log.stored.pop();
  log.logEndOffset = 0;
  log.failOne(new Error("disk"));
  assert.deepEqual(await lost, { ok: false, errorCode: ErrorCode.NOT_COORDINATOR });
  assert.equal(failures.length, 1);
  await clock.advance(1000);
  assert.deepEqual(await runtime.submit(0, "Read", null), { ok: true, reply: 0 });
  assert.equal(machines.length, 2);
});

test("a machine that finds its state impossible stops its shard loudly, which reloads", async () => {
  const { clock, log, runtime, failures } = world();
  await runtime.load(0, log.port(), 1);
  const broken = await runtime.submit(0, "Break", null);
  assert.deepEqual(broken, { ok: false, errorCode: ErrorCode.NOT_COORDINATOR });
  assert.match(String(failures[0]), /impossible state/);
  await clock.advance(1000);
  assert.equal(runtime.state(0), "active");
});

test("a machine that answers twice stops its shard too, and the first answer does not leave", async () => {
  const { log, runtime, failures } = world();
  await runtime.load(0, log.port(), 1);
  const parked = runtime.submit(0, "ParkFor", 60_000);
  const answered = await runtime.submit(0, "AnswerTwice", null);
  assert.deepEqual(answered, { ok: false, errorCode: ErrorCode.NOT_COORDINATOR });
  assert.deepEqual(await parked, { ok: false, errorCode: ErrorCode.NOT_COORDINATOR });
  assert.match(String(failures[0]), /request 2 was answered or dropped before/);
});

test("a log that cannot be read is told once, tried less and less often, and told when it can", async () => {
  const log = new GatedLog();
  log.logEndOffset = 1;
  let [reads, reason] = [0, "damaged"];
  const readable = log.read;
  log.read = async () => {
    reads += 1;
    throw new Error(reason);
  };
  const { clock, runtime, failures, recovered } = world(log);
  await runtime.load(0, log.port(), 1);
  await runtime.load(1, new GatedLog().port(), 1);
  for (const [waitMs, expected] of [
    [999, 1],
    [1, 2],
    [1999, 2],
    [1, 3],
    [3600_000, 3 + 4 + 59],
  ] as const) {
    await clock.advance(waitMs);
    assert.equal(reads, expected, `after ${waitMs} ms more`);
  }
  assert.deepEqual(failures.map(String), ["Error: damaged"]);
  assert.deepEqual(await runtime.submit(1, "Read", null), { ok: true, reply: 0 }, "other partitions go on");

  reason = "gone";
  await clock.advance(60_000);
  assert.deepEqual(failures.map(String), ["Error: damaged", "Error: gone"], "another reason is told");
  log.read = readable;
  log.logEndOffset = 0;
  await clock.advance(60_000);
  assert.deepEqual(recovered, [0]);
  assert.equal(runtime.state(0), "active");
});

const seven = { producerId: 7, producerEpoch: 3 };
const commit = { ...seven, type: "COMMIT", coordinatorEpoch: 5, transactionVersion: 2 } as const;
const abort = { ...commit, type: "ABORT" } as const;
const ok = { ok: true, reply: { ok: true } };

async function syncAll(log: GatedLog): Promise<void> {
  while (log.appendsInFlight > 0) {
    log.syncOne();
    await settle();
  }
}

test("records of a transaction are a batch of their own, appended at once behind all that waited", async () => {
  const { log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  const answers = [
    watch(runtime.submit(0, "Add", 1)), // in flight
    watch(runtime.submit(0, "Add", 2)), // waits for it
    watch(runtime.submit(0, "AddPending", { ...seven, amount: 4 })),
    watch(runtime.submit(0, "Add", 8)),
    watch(runtime.submit(0, "End", commit)),
  ];
  assert.equal(log.appendsInFlight, 5, "a transaction's epoch is known to the log only, so nothing is left behind");
  const written = log.stored.flatMap((bytes) => [...batches(bytes)]);
  assert.deepEqual(
    written.map(({ transactional, control, producerId, producerEpoch, baseSequence }) =>
      transactional ? { control, producerId, producerEpoch, baseSequence } : "plain",
    ),
    [
      "plain",
      "plain",
      { control: false, ...seven, baseSequence: 0 },
      "plain",
      { control: true, ...seven, baseSequence: -1 },
    ],
  );
  await settle();
  assert.ok(answers.every(({ answer }) => answer === undefined));
  await syncAll(log);
  assert.deepEqual(
    answers.map(({ answer }) => answer),
    [{ ok: true, reply: 1 }, { ok: true, reply: 3 }, ok, { ok: true, reply: 11 }, ok],
  );
  assert.deepEqual(await runtime.submit(0, "Read", null), { ok: true, reply: 15 });
});

test("what the log has against a producer or a marker changes nothing and is the step's to answer", async () => {
  const { log, runtime, machines } = world();
  await runtime.load(0, log.port(), 1);
  void runtime.submit(0, "AddPending", { ...seven, amount: 4 });
  await syncAll(log);
  for (const errorCode of [ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.TRANSACTION_COORDINATOR_FENCED]) {
    log.verdict = errorCode;
    const refused = { ok: true, reply: { ok: false, errorCode } };
    assert.deepEqual(await runtime.submit(0, "AddPending", { ...seven, amount: 1 }), refused);
    assert.deepEqual(await runtime.submit(0, "End", abort), refused);
  }
  assert.deepEqual([...machines[0]!.pending], [[7, 4]]);
  assert.equal(log.stored.length, 1);
  assert.equal(runtime.state(0), "active");
});

test("the log hears what was verified, and of which version the transaction is that ends", async () => {
  const { log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  const verification = { producerId: 7 };
  void runtime.submit(0, "AddPending", { ...seven, verification, amount: 4 });
  void runtime.submit(0, "AddPending", { ...seven, amount: 4 });
  void runtime.submit(0, "End", commit);
  const internal = { leaderEpoch: 1, wallMs: log.appended[0]!.wallMs, internal: true };
  assert.deepEqual(log.appended, [{ ...internal, verification }, internal, { ...internal, transactionVersion: 2 }]);
});

test("a load finds transactions as they stand: committed, aborted, and still open", async () => {
  const { log, runtime, machines } = world();
  await runtime.load(0, log.port(), 1);
  void runtime.submit(0, "AddPending", { ...seven, amount: 1 });
  void runtime.submit(0, "End", commit);
  void runtime.submit(0, "AddPending", { ...seven, amount: 2 });
  void runtime.submit(0, "End", abort);
  void runtime.submit(0, "AddPending", { ...seven, amount: 4 });
  void runtime.submit(0, "AddPending", { ...seven, producerId: 8, amount: 8 });
  void runtime.submit(0, "Add", 16);
  await syncAll(log);
  await runtime.load(0, log.port(), 2);
  const [live, loaded] = machines;
  assert.deepEqual(
    [loaded!.sum, [...loaded!.pending]],
    [
      17,
      [
        [7, 4],
        [8, 8],
      ],
    ],
  );
  assert.deepEqual([live!.sum, live!.pending], [loaded!.sum, loaded!.pending]);
});

test("a timer decides a step, and a dropped request is never answered", async () => {
  const { clock, log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  const first = watch(runtime.submit(0, "ParkFor", 300));
  await clock.advance(299);
  assert.equal(first.answer, undefined);
  await clock.advance(1);
  assert.deepEqual(first.answer, { ok: true, reply: "time is up" });
  const second = watch(runtime.submit(0, "ParkFor", 300));
  await runtime.submit(0, "Forget", null);
  await clock.advance(1000);
  assert.equal(second.answer, undefined);
  assert.equal(clock.pendingAlarms, 0);
});

test("an alarm that rings before anything is due sets itself again", async () => {
  const { clock, log, runtime } = world();
  await runtime.load(0, log.port(), 1);
  const longestMs = 2 ** 31 - 1; // that an alarm may be set for
  const parked = watch(runtime.submit(0, "ParkFor", longestMs + 300));
  await clock.advance(longestMs + 299);
  assert.equal(parked.answer, undefined);
  await clock.advance(1);
  assert.deepEqual(parked.answer, { ok: true, reply: "time is up" });
});
