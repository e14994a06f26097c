import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Kafka } from "../../../src/client/kafka.ts";
import type { ProducerConfigInput } from "../../../src/client/producer-keys.ts";
import { TransactionFailedError } from "../../../src/client/transaction/errors.ts";
import { AddOffsetsToTxn } from "../../../src/protocol/apis/add-offsets-to-txn.ts";
import { AddPartitionsToTxn } from "../../../src/protocol/apis/add-partitions-to-txn.ts";
import { ApiVersions } from "../../../src/protocol/apis/api-versions.ts";
import { EndTxn } from "../../../src/protocol/apis/end-txn.ts";
import { FindCoordinator } from "../../../src/protocol/apis/find-coordinator.ts";
import { apiByKey } from "../../../src/protocol/apis/index.ts";
import { InitProducerId } from "../../../src/protocol/apis/init-producer-id.ts";
import { Metadata } from "../../../src/protocol/apis/metadata.ts";
import { Produce } from "../../../src/protocol/apis/produce.ts";
import { TxnOffsetCommit } from "../../../src/protocol/apis/txn-offset-commit.ts";
import { ErrorCode } from "../../../src/protocol/errors.ts";
import { BatchView } from "../../../src/protocol/records/batch.ts";
import type { Api } from "../../../src/protocol/schema.ts";
import { FakeBroker, type Received, topicLedBy } from "../fake-broker.ts";

type Fault = number | "silence" | "close";

/** Grants everything, but for the n-th request of an API what `faults` names. Ids are 7, epochs go up. */
async function coordinator(
  level: 1 | 2,
  faults: Readonly<Record<string, readonly (Fault | undefined)[]>> = {},
): Promise<FakeBroker> {
  const broker = await FakeBroker.start();
  const counts = new Map<Api, number>();
  let epoch = -1;
  let offset = 0;
  const granting = <A extends Api>(api: A, grant: (received: Received<A>, errorCode: number) => object) => {
    broker.on(api, (received) => {
      const count = counts.get(api) ?? 0;
      counts.set(api, count + 1);
      const fault = faults[api.name]?.[count];
      if (fault === "close") received.socket.destroy();
      if (fault === "close" || fault === "silence") return undefined;
      return grant(received as Received<A>, fault ?? ErrorCode.NONE) as never;
    });
  };
  broker.on(ApiVersions, () => ({
    errorCode: 0,
    apiKeys: [...apiByKey.values()].map(({ key, advertised: [minVersion, maxVersion] }) => {
      return { apiKey: key, minVersion, maxVersion };
    }),
    finalizedFeatures: [{ name: "transaction.version", minVersionLevel: level, maxVersionLevel: level }],
  }));
  broker.on(Metadata, () => broker.metadata([topicLedBy(1, "orders")]));
  const [host, port] = broker.bootstrapServers.split(":");
  granting(FindCoordinator, ({ request }) => ({
    coordinators: [
      { key: request.coordinatorKeys[0]!, nodeId: 1, host, port: Number(port), errorCode: 0, errorMessage: null },
    ],
  }));
  granting(InitProducerId, (_, errorCode) => {
    if (errorCode === ErrorCode.NONE) epoch++;
    return { errorCode, producerId: 7, producerEpoch: epoch };
  });
  granting(AddPartitionsToTxn, ({ request }, partitionErrorCode) => ({
    resultsByTopicV3AndBelow: request.v3AndBelowTopics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode })),
    })),
  }));
  granting(AddOffsetsToTxn, (_, errorCode) => ({ errorCode }));
  granting(TxnOffsetCommit, ({ request }, errorCode) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }));
  granting(Produce, (_, errorCode) => {
    const baseOffset = errorCode === ErrorCode.NONE ? offset++ : -1;
    const partitionResponses = [{ index: 0, errorCode, baseOffset, errorMessage: null, recordErrors: [] }];
    return { responses: [{ name: "orders", partitionResponses }] };
  });
  granting(EndTxn, (_, errorCode) => {
    if (errorCode === ErrorCode.NONE && level === 2) epoch++;
    return { errorCode, ...(level === 2 ? { producerId: 7, producerEpoch: epoch } : {}) };
  });
  return broker;
}

const quick = { lingerMs: 0, retryBackoffMs: 5, retryBackoffMaxMs: 10, reconnectBackoffMs: 5 };

function producerAt(broker: FakeBroker, config: ProducerConfigInput = {}) {
  const { bootstrapServers } = broker;
  return new Kafka({ bootstrapServers }).producer({ transactionalId: "transfers", ...quick, ...config });
}

const order = { topic: "orders", value: "x", partition: 0 };
const member = { groupId: "billing", generationId: 3, memberId: "m", groupInstanceId: null };

/** What a broker was told of transactions: "EndTxn v5 commit". */
function told({ requests }: FakeBroker): string[] {
  return requests.flatMap(({ api, version, request }) => {
    const fields = request as Record<string, unknown>;
    if (api === Metadata) return [];
    if (api === EndTxn) return [`EndTxn v${version} ${fields.committed ? "commit" : "abort"} ${fields.producerEpoch}`];
    if (api === InitProducerId) return [`InitProducerId ${fields.producerId}/${fields.producerEpoch}`];
    if (api !== Produce) return [`${api.name} v${version}`];
    const { producerEpoch, baseSequence, transactional } = batchIn(request as Received<typeof Produce>["request"]);
    return [`Produce v${version} ${producerEpoch}/${baseSequence}${transactional ? "" : " plain"}`];
  });
}

function batchIn({ topicData }: Received<typeof Produce>["request"]): BatchView {
  return new BatchView(topicData[0]!.partitionData[0]!.records!, 0);
}

suite("the two protocols of transactions", () => {
  test("in the first, partitions and groups are made known, and the epoch stays", async () => {
    await using broker = await coordinator(1);
    await using producer = producerAt(broker);
    await producer.transaction(async (tx) => {
      await tx.send(order);
      await tx.send(order);
      await tx.sendOffsets(member, { topic: "orders", partition: 0, offset: 5 });
    });
    await producer.transaction((tx) => tx.send(order));
    assert.deepEqual(told(broker), [
      "FindCoordinator v6",
      "InitProducerId -1/-1",
      "AddPartitionsToTxn v3",
      "Produce v11 0/0",
      "Produce v11 0/1",
      "AddOffsetsToTxn v4",
      "FindCoordinator v6",
      "TxnOffsetCommit v4",
      "EndTxn v4 commit 0",
      "AddPartitionsToTxn v3",
      "Produce v11 0/2",
      "EndTxn v4 commit 0",
    ]);
  });

  test("in the second, nothing is made known before, and each transaction has an epoch", async () => {
    await using broker = await coordinator(2);
    await using producer = producerAt(broker);
    await producer.transaction(async (tx) => {
      await tx.send(order);
      await tx.sendOffsets(member, { topic: "orders", partition: 0, offset: 5 });
    });
    await producer.transaction((tx) => tx.send(order));
    assert.deepEqual(told(broker).slice(2), [
      "Produce v12 0/0",
      "FindCoordinator v6",
      "TxnOffsetCommit v5",
      "EndTxn v5 commit 0",
      "Produce v12 1/0",
      "EndTxn v5 commit 1",
    ]);
  });
});

suite("a transactional producer whose coordinator fails", () => {
  const { NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS, CONCURRENT_TRANSACTIONS } = ErrorCode;

  test("what passes by itself is asked again, of the coordinator that is then in office", async () => {
    await using broker = await coordinator(1, {
      InitProducerId: [CONCURRENT_TRANSACTIONS, COORDINATOR_LOAD_IN_PROGRESS],
      AddPartitionsToTxn: [CONCURRENT_TRANSACTIONS],
      EndTxn: [NOT_COORDINATOR, "close"],
    });
    await using producer = producerAt(broker);
    await producer.transaction((tx) => tx.send(order));
    const asked = told(broker).filter((line) => !line.startsWith("FindCoordinator"));
    assert.deepEqual(asked, [
      ...new Array(3).fill("InitProducerId -1/-1"),
      "AddPartitionsToTxn v3",
      "AddPartitionsToTxn v3",
      "Produce v11 0/0",
      ...new Array(3).fill("EndTxn v4 commit 0"),
    ]);
    assert.equal(told(broker).length - asked.length, 3, "found at first, and twice more");
  });

  test("a commit that is never confirmed has an unknown outcome, and ends the producer", async () => {
    const silence = new Array(50).fill(COORDINATOR_LOAD_IN_PROGRESS);
    await using broker = await coordinator(2, { EndTxn: silence });
    await using producer = producerAt(broker, { maxBlockMs: 100 });
    const isUnknown = (error: unknown) => {
      assert.ok(error instanceof TransactionFailedError);
      assert.deepEqual([error.outcome, error.fatal], ["unknown", true]);
      return true;
    };
    await assert.rejects(
      producer.transaction((tx) => tx.send(order)),
      isUnknown,
    );
    await assert.rejects(producer.beginTransaction(), isUnknown);
  });

  test("who is fenced when it asks for a commit again cannot know what became of it", async () => {
    const fenced = ErrorCode.PRODUCER_FENCED;
    for (const [faults, outcome] of [
      [[fenced], "aborted"],
      [["close", fenced], "unknown"],
    ] as const) {
      await using broker = await coordinator(2, { EndTxn: [...faults, fenced], InitProducerId: [undefined, fenced] });
      await using producer = producerAt(broker);
      await assert.rejects(
        producer.transaction((tx) => tx.send(order)),
        { name: "ProducerFencedError", outcome },
      );
      await assert.rejects(producer.beginTransaction(), { name: "ProducerFencedError", outcome });
    }
  });

  test("TRANSACTION_ABORTABLE aborts, wherever it is said, and the same work may succeed (KIP-1050)", async () => {
    for (const api of ["Produce", "EndTxn", "TxnOffsetCommit"]) {
      await using broker = await coordinator(2, { [api]: [ErrorCode.TRANSACTION_ABORTABLE] });
      await using producer = producerAt(broker);
      const work = () =>
        producer.transaction(async (tx) => {
          await tx.send(order);
          await tx.sendOffsets(member, { topic: "orders", partition: 0, offset: 5 });
        });
      await assert.rejects(work(), { name: "TransactionAbortedError", code: "TRANSACTION_ABORTABLE", retriable: true });
      await work();
      const ends = told(broker).filter((line) => line.startsWith("EndTxn"));
      const refused = api === "EndTxn" ? ["EndTxn v5 commit 0"] : [];
      assert.deepEqual(ends, [...refused, "EndTxn v5 abort 0", "EndTxn v5 commit 1"], api);
    }
  });

  test("in the first protocol a lost sequence costs an epoch, after the abort (KIP-360)", async () => {
    await using broker = await coordinator(1, { Produce: [undefined, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER] });
    await using producer = producerAt(broker);
    await producer.transaction((tx) => tx.send(order));
    await assert.rejects(
      producer.transaction((tx) => tx.send(order)),
      { code: "OUT_OF_ORDER_SEQUENCE_NUMBER" },
    );
    await producer.transaction((tx) => tx.send(order));
    assert.deepEqual(told(broker).slice(5), [
      "AddPartitionsToTxn v3",
      "Produce v11 0/1",
      "EndTxn v4 abort 0",
      "InitProducerId 7/0",
      "AddPartitionsToTxn v3",
      "Produce v11 1/0",
      "EndTxn v4 commit 1",
    ]);
  });

  test("who is out of step names its own epoch: only then it is fenced, or not (KIP-360, 588)", async () => {
    const { PRODUCER_FENCED, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, INVALID_PRODUCER_ID_MAPPING } = ErrorCode;
    const doubts = [
      [1, { AddPartitionsToTxn: [PRODUCER_FENCED] }],
      [1, { AddPartitionsToTxn: [INVALID_PRODUCER_ID_MAPPING] }],
      [1, { EndTxn: [PRODUCER_FENCED, PRODUCER_FENCED] }],
      [1, { Produce: [INVALID_PRODUCER_EPOCH], EndTxn: [PRODUCER_FENCED] }],
      [2, { EndTxn: [INVALID_TXN_STATE, INVALID_TXN_STATE] }],
      [2, { EndTxn: [INVALID_PRODUCER_ID_MAPPING, INVALID_PRODUCER_ID_MAPPING] }],
      [2, { Produce: [INVALID_PRODUCER_EPOCH], EndTxn: [PRODUCER_FENCED] }],
    ] as const;
    for (const [level, faults] of doubts) {
      await using broker = await coordinator(level, faults);
      await using producer = producerAt(broker);
      const work = () => producer.transaction((tx) => tx.send(order));
      await assert.rejects(work(), { name: "TransactionAbortedError", retriable: true });
      await work();
      const asked = told(broker).filter((line) => line.startsWith("InitProducerId"));
      assert.deepEqual(asked, ["InitProducerId -1/-1", "InitProducerId 7/0"], JSON.stringify(faults));

      await using taken = await coordinator(level, { ...faults, InitProducerId: [undefined, PRODUCER_FENCED] });
      await using older = producerAt(taken);
      for (const _ of [1, 2]) {
        const late = older.transaction((tx) => tx.send(order));
        await assert.rejects(late, { name: "ProducerFencedError", fatal: true, retriable: false });
      }
      assert.equal(told(taken).filter((line) => line.startsWith("InitProducerId")).length, 2, "none is tried again");
    }
  });

  test("in the second protocol the abort itself brings the epoch, also where the coordinator has aborted", async () => {
    for (const faults of [{ EndTxn: [ErrorCode.INVALID_TXN_STATE] }, { Produce: [ErrorCode.INVALID_PRODUCER_EPOCH] }]) {
      await using broker = await coordinator(2, faults);
      await using producer = producerAt(broker);
      const work = () => producer.transaction((tx) => tx.send(order));
      await assert.rejects(work(), { name: "TransactionAbortedError", retriable: true });
      await work();
      assert.equal(told(broker).filter((line) => line.startsWith("InitProducerId")).length, 1);
    }
  });

  test("what no other producer could do either ends it, and none is tried again", async () => {
    const ends = [
      [2, { InitProducerId: [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED] }],
      [2, { InitProducerId: [ErrorCode.INVALID_TRANSACTION_TIMEOUT] }],
      [1, { AddPartitionsToTxn: [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED] }],
    ] as const;
    for (const [level, faults] of ends) {
      await using broker = await coordinator(level, faults);
      await using producer = producerAt(broker);
      for (const _ of [1, 2]) {
        const work = producer.transaction((tx) => tx.send(order));
        await assert.rejects(work, { name: "TransactionFailedError", fatal: true, retriable: false });
      }
      for (const api of Object.keys(faults)) assert.equal(told(broker).filter((it) => it.startsWith(api)).length, 1);
    }
  });

  test("a group that has gone on without the member aborts the transaction", async () => {
    for (const code of ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID"] as const) {
      await using broker = await coordinator(2, { TxnOffsetCommit: [ErrorCode[code]] });
      await using producer = producerAt(broker);
      const work = producer.transaction((tx) => tx.sendOffsets(member, { topic: "orders", partition: 0, offset: 5 }));
      const retriable = code !== "FENCED_INSTANCE_ID";
      await assert.rejects(work, { name: "TransactionAbortedError", code, retriable });
    }
  });
});
