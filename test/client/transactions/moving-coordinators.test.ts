/** The coordinators of transaction and group go away while `exactlyOnce` is at work: each record counts once. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Kafka } from "../../../src/client/kafka.ts";
import { startBroker } from "../../../src/testing/index.ts";
import { until } from "../../interop/support/until.ts";
import { Copier, copyTo } from "../support/copier.ts";
import { valuesOf } from "../support/transactions.ts";

const [topic, target, groupId, transactionalId] = ["payments", "bookings", "transfer", "transfer-1"];
const values = Array.from({ length: 100 }, (_, index) => `${index}`);

suite("exactlyOnce while coordinators move", () => {
  for (const nodes of [1, 3]) {
    for (const api of ["InitProducerId", "Produce", "TxnOffsetCommit", "EndTxn"]) {
      test(`at each ${api}, ${nodes} node(s)`, async () => {
        await using broker = await startBroker({ nodes, topics: [topic, target] });
        const { bootstrapServers } = broker;
        const kafka = new Kafka({ bootstrapServers, retryBackoffMs: 10, reconnectBackoffMs: 10 });
        await using admin = kafka.admin();
        await broker.topic(topic).produce(values);
        const move = () =>
          Promise.all([broker.moveTransactionCoordinator(transactionalId), broker.group(groupId).moveCoordinator()]);
        let held = broker.on(api).hold(); // what is asked is looked at after the move
        const [process, config] = [copyTo(target), { maxPollRecords: 10 }];
        await using one = new Copier(kafka, { groupId, topic, process, transactionalId, config });
        for (let moves = api === "InitProducerId" ? 1 : 5; moves > 0; moves--) {
          await held.hit(1);
          const next = moves === 1 ? undefined : broker.on(api).skip(1).hold();
          await move();
          held.release();
          held = next ?? held;
        }
        const copied = await until("all is copied", async () => {
          const seen = await valuesOf({ kafka, admin }, target);
          return seen.length >= values.length && seen;
        });
        assert.deepEqual(copied, values);
        await one.stop();
        const [committed] = await admin.listGroupOffsets(groupId, { requireStable: true });
        assert.equal(committed!.offset, values.length);
        const told = new Set(broker.requests({ api }).flatMap(({ errors }) => errors));
        const isRefused = nodes > 1 && api !== "Produce"; // whose leader has not moved
        assert.equal(told.has("NOT_COORDINATOR"), isRefused, [...told].join());
      });
    }
  }
});
