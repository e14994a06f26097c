/** A transactional id that was not used for transactional.id.expiration.ms is forgotten, its producer is not. */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { Kafka } from "../../../src/client/kafka.ts";
import { startBroker } from "../../../src/testing/index.ts";
import { until } from "../../interop/support/until.ts";
import { producerOf, protocols, valuesOf } from "../support/transactions.ts";

const topic = "orders";
const config = {
  "transactional.id.expiration.ms": "60000",
  "transaction.remove.expired.transaction.cleanup.interval.ms": "10000",
};
const broker = await startBroker({ clock: "virtual", topics: [topic], config });
after(() => broker.close());
const kafka = new Kafka({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 10, reconnectBackoffMs: 10 });
const admin = kafka.admin();
after(() => admin.close());

suite("a producer whose transactional.id has expired", () => {
  for (const protocol of protocols) {
    test(`protocol ${protocol}: the transaction is aborted, and the next one has another producer id`, async () => {
      const transactionalId = `idle-${protocol}`;
      const group = { groupId: transactionalId, memberId: "", generationId: -1, groupInstanceId: null };
      await using producer = producerOf(broker.bootstrapServers, protocol, { transactionalId, retryBackoffMs: 10 });
      const work = (value: string) => () =>
        producer.transaction(async (tx) => {
          void tx.send({ topic, value, partition: 0 });
          await tx.sendOffsets(group, { topic, partition: 0, offset: 1 });
        });
      await work(`${protocol} before`)();
      const [before] = await admin.describeTransactions([transactionalId]);
      await broker.clock.advance("71s");
      assert.deepEqual(await admin.listTransactions({ pattern: transactionalId }), []);
      const code = "INVALID_PRODUCER_ID_MAPPING";
      await assert.rejects(work(`${protocol} late`), { name: "TransactionAbortedError", code, retriable: true });
      await work(`${protocol} after`)();
      const [now] = await admin.describeTransactions([transactionalId]);
      assert.ok(now!.producerId > before!.producerId);
      const values = await until("the last one is committed", async () => {
        const seen = await valuesOf({ kafka, admin }, topic);
        return seen.includes(`${protocol} after`) && seen;
      });
      assert.equal(values.includes(`${protocol} late`), false);
    });
  }
});
