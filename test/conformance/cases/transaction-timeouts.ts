import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Producer, readCommitted, story } from "../producer.ts";
import { accepted, createTopic, during, fresh, open, refused, tight, until } from "../suite.ts";

/* The tight broker looks for old transactions three times a second, and forgets ids after four. */

const broker = await open(tight);
const here = { address: tight };

suite("Transactions that nobody ends", { concurrency: true }, () => {
  test("after transaction.timeout.ms the coordinator aborts, and its producer is fenced", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of({ ...here, transactionTimeoutMs: 1_000 });
    const { producerEpoch } = producer;
    accepted(await producer.produce(topic, "x"));
    await during(600, async () => {
      assert.equal((await readCommitted(broker, topic)).lastStableOffset, 0);
    });
    const aborted = await producer.untilState("CompleteAbort");
    assert.equal(aborted.producerEpoch, producerEpoch + 1);
    await until("the marker is there", async () => (await story(broker, topic)).join() === "x,ABORT");
    refused(await producer.end(true, {}, 4), "PRODUCER_FENCED");
    refused(await producer.end(true), "INVALID_TXN_STATE"); // to version 5 it looks like a producer that asks again
    refused(await producer.produce(topic, "late"), "INVALID_PRODUCER_EPOCH");
    refused(await producer.produce(topic, "late", { version: 11 }), "INVALID_PRODUCER_EPOCH");
    assert.deepEqual(await story(broker, topic), ["x", "ABORT"]);
    accepted(await producer.end(false));
    assert.equal(producer.producerEpoch, producerEpoch + 1);
  });

  test("its producer begins again with its own epoch (KIP-360)", async () => {
    const topic = await createTopic(broker);
    const producer = await Producer.of({ ...here, transactionTimeoutMs: 1_000 });
    const { producerId, producerEpoch } = producer;
    accepted(await producer.produce(topic, "x"));
    await producer.untilState("CompleteAbort");
    accepted(await producer.init({ producerId, producerEpoch }));
    accepted(await producer.produce(topic, "y"));
    accepted(await producer.end(true));
    await producer.untilState("CompleteCommit");
    assert.deepEqual((await readCommitted(broker, topic)).values, ["y"]);
  });

  test("transaction.max.timeout.ms bounds what a producer may ask for", async () => {
    const producer = await Producer.of({ ...here, transactionTimeoutMs: 60_000 });
    refused(await producer.initOnce({ transactionTimeoutMs: 60_001 }), "INVALID_TRANSACTION_TIMEOUT");
  });

  test("transactional.id.expiration.ms: an idle id is forgotten, one with an open transaction is not", async () => {
    const topic = await createTopic(broker);
    const [idle, busy] = [await Producer.of(here), await Producer.of(here)];
    accepted(await busy.produce(topic, "x"));
    const gone = await until("the idle id is forgotten", async () => {
      const found = await idle.describe();
      return found.errorCode !== 0 && found;
    });
    refused(gone, "TRANSACTIONAL_ID_NOT_FOUND");
    assert.equal((await busy.describe()).transactionState, "Ongoing");
    refused(await idle.produce(topic, "y"), "INVALID_PRODUCER_ID_MAPPING");
    refused(await idle.end(true), "INVALID_PRODUCER_ID_MAPPING");
    accepted(await busy.end(true));
    const { producerId, transactionalId } = idle;
    const anew = await Producer.of({ ...here, transactionalId });
    assert.notEqual(anew.producerId, producerId);
    assert.equal(anew.producerEpoch, 0);
  });

  test("with an id that the coordinator has forgotten a producer that names its epoch gets a new one", async () => {
    const stranger = await Producer.of({ ...here, transactionalId: fresh("tx") });
    await until("it is forgotten", async () => (await stranger.describe()).errorCode !== 0);
    const { producerId, producerEpoch } = stranger;
    const answer = accepted(await stranger.init({ producerId, producerEpoch }));
    assert.notEqual(answer.producerId, producerId);
  });
});
