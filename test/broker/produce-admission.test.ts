/** What Produce makes of the transaction coordinator's word; the coordinator itself is played by the tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrokerServices, Connection, PartitionVerdict, TransactionAdmission } from "../../src/broker/context.ts";
import { produce } from "../../src/broker/handlers/produce.ts";
import type { ProduceRequest } from "../../src/protocol/apis/produce.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { encodeControlBatch, type NewBatch } from "../../src/protocol/records/batch.ts";
import { settle } from "../support/virtual-clock.ts";
import { batchOf, createTopic, startBroker } from "./harness.ts";

type Admit = (asked: TransactionAdmission) => Promise<PartitionVerdict>;

const always = (errorCode: ErrorCode): Admit => {
  return async () => () => errorCode;
};

/** A broker with the topic `orders`, its coordinator played by `admit`, and a connection that is only watched. */
async function startProducing(admit: Admit) {
  const under = await startBroker();
  const topicId = await createTopic(under, "orders", 3);
  const asked: TransactionAdmission[] = [];
  const holds: string[] = [];
  const transactions = {
    admit: (admission: TransactionAdmission) => {
      asked.push(admission);
      return admit(admission);
    },
  };
  const { services } = under.broker;
  const broker = new Proxy(services, {
    get(target, name) {
      if (name === "transactions") return transactions;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  }) as BrokerServices;
  const logOf = (partition: number) => {
    const found = services.partition("orders", partition);
    assert.ok(found.ok);
    return found.partition.log;
  };
  const connection = {
    hold: () => {
      holds.push(`held at ${logOf(0).logEndOffset}`);
      return () => holds.push(`released at ${logOf(0).logEndOffset}`);
    },
  } as unknown as Connection;
  /** Sends one batch to each of the partitions. */
  const send = async (
    version: number,
    batches: Record<number, Partial<NewBatch>>,
    transactionalId: string | null = "t",
    change = (_: Uint8Array) => {},
  ) => {
    const partitionData = Object.entries(batches).map(([index, batch]) => {
      const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0, transactional: true };
      const records = batchOf(["v"], { ...producer, ...batch });
      change(records);
      return { index: Number(index), records };
    });
    const topicData = [{ name: "orders", topicId, partitionData }];
    const request: ProduceRequest = { transactionalId, acks: -1, timeoutMs: 1000, topicData };
    const answer = await produce(request, { broker, connection, version, clientId: "c" });
    return answer!.responses[0]!.partitionResponses.map(({ errorCode }) => errorCode);
  };
  return { under, asked, holds, logOf, send };
}

test("the coordinator is asked once for each partition of a transaction, and told how by the version", async () => {
  const { asked, holds, send } = await startProducing(always(ErrorCode.NONE));
  assert.deepEqual(await send(11, { 0: {}, 2: {} }), [0, 0]);
  assert.deepEqual(await send(12, { 0: { baseSequence: 1 }, 1: {}, 2: { baseSequence: 1 } }), [0, 0, 0]);
  assert.deepEqual(await send(13, { 0: { baseSequence: 2 } }), [0]);
  const producer = { transactionalId: "t", producerId: 7, producerEpoch: 0 };
  assert.deepEqual(asked, [
    { ...producer, topics: [{ name: "orders", partitions: [0, 2] }], mode: "verify" },
    { ...producer, topics: [{ name: "orders", partitions: [1] }], mode: "add" },
  ]);
  assert.deepEqual(holds, ["held at 0", "released at 1", "held at 1", "released at 2"]);
});

test("what is of no transaction asks nobody and holds nothing", async () => {
  const { asked, holds, send } = await startProducing(always(ErrorCode.NONE));
  assert.deepEqual(await send(12, { 0: { transactional: false } }), [0]);
  assert.deepEqual([asked, holds], [[], []]);
});

test("the connection is held until the batches are appended: the next Produce comes behind them", async () => {
  let answer = (_: PartitionVerdict) => {};
  const { holds, logOf, send } = await startProducing(() => new Promise((resolve) => (answer = resolve)));
  const sent = send(12, { 0: {} });
  await settle();
  assert.deepEqual([holds, logOf(0).logEndOffset], [["held at 0"], 0]);
  answer(() => ErrorCode.NONE);
  assert.deepEqual(await sent, [0]);
  assert.deepEqual(holds, ["held at 0", "released at 1"]);
});

test("each version is told what it knows (KIP-890)", async () => {
  const { TRANSACTION_ABORTABLE, INVALID_TXN_STATE, NOT_ENOUGH_REPLICAS } = ErrorCode;
  for (const [said, ...told] of [
    [TRANSACTION_ABORTABLE, INVALID_TXN_STATE, TRANSACTION_ABORTABLE, TRANSACTION_ABORTABLE],
    [ErrorCode.CONCURRENT_TRANSACTIONS, NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS, undefined],
    [ErrorCode.PRODUCER_FENCED, ...Array(3).fill(ErrorCode.INVALID_PRODUCER_EPOCH)],
    [ErrorCode.NOT_COORDINATOR, ...Array(3).fill(NOT_ENOUGH_REPLICAS)],
    [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ...Array(3).fill(NOT_ENOUGH_REPLICAS)],
    [ErrorCode.INVALID_PRODUCER_ID_MAPPING, ...Array(3).fill(ErrorCode.INVALID_PRODUCER_ID_MAPPING)],
  ] as const) {
    const { logOf, send } = await startProducing(always(said));
    for (const [index, expected] of told.entries()) {
      if (expected !== undefined) assert.deepEqual(await send(10 + index, { 0: {} }), [expected], `v${10 + index}`);
    }
    assert.equal(logOf(0).logEndOffset, 0);
  }
});

test("a request without a transactional id, or of two producers, is refused as a whole", async () => {
  const { asked, send } = await startProducing(always(ErrorCode.NONE));
  const unnamed = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  assert.deepEqual(await send(12, { 0: {}, 1: { transactional: false } }, null), [unnamed, unnamed]);
  const twice = ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  assert.deepEqual(await send(12, { 0: {}, 1: { producerId: 8 } }), [twice, twice]);
  assert.deepEqual(await send(12, { 0: {}, 1: { producerEpoch: 1 } }), [twice, twice]);
  assert.deepEqual(asked, []);
});

test("older formats know no transactions, whatever stands where a batch says so", async () => {
  const { asked, send } = await startProducing(always(ErrorCode.NONE));
  for (const magic of [0, 1]) {
    assert.deepEqual(await send(9, { 0: {} }, null, (records) => records.fill(magic, 16, 17)), [
      ErrorCode.INVALID_RECORD,
    ]);
  }
  assert.deepEqual(asked, []);
});

test("one partition's refusal is its own", async () => {
  const { logOf, send } = await startProducing(async () => (_, partition) => {
    return partition === 1 ? ErrorCode.TRANSACTION_ABORTABLE : ErrorCode.NONE;
  });
  assert.deepEqual(await send(12, { 0: {}, 1: {} }), [0, ErrorCode.TRANSACTION_ABORTABLE]);
  assert.deepEqual([logOf(0).logEndOffset, logOf(1).logEndOffset], [1, 0]);
});

test("a marker that comes while the coordinator is asked makes its word void", async () => {
  let answer = (_: PartitionVerdict) => {};
  const { under, logOf, send } = await startProducing(() => new Promise((resolve) => (answer = resolve)));
  const sent = send(11, { 0: {} });
  await settle();
  const end = { type: "ABORT", producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 1 } as const;
  const marker = encodeControlBatch(end, under.broker.services.platform);
  assert.ok(logOf(0).append(marker, { leaderEpoch: 0, wallMs: 1, internal: true }).ok);
  answer(() => ErrorCode.NONE);
  assert.deepEqual(await sent, [ErrorCode.INVALID_TXN_STATE]);
});

test("an older epoch is refused without asking", async () => {
  const { asked, send } = await startProducing(always(ErrorCode.NONE));
  assert.deepEqual(await send(12, { 0: { producerEpoch: 3 } }), [0]);
  assert.deepEqual(await send(12, { 0: { producerEpoch: 2 } }), [ErrorCode.INVALID_PRODUCER_EPOCH]);
  assert.equal(asked.length, 1);
});
