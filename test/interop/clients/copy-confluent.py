"""Copies a topic in transactions by confluent-kafka (librdkafka); see README.md."""

import json
import signal
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

options = json.loads(sys.argv[1])
running = True


def stop(_signal, _frame):
    global running
    running = False


def tell(event, **more):
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
    sys.stdout.flush()


def rewind():
    """Reads again from what is committed."""
    assigned = consumer.assignment()
    for it in consumer.committed(assigned, timeout=10):
        consumer.seek(TopicPartition(it.topic, it.partition, max(it.offset, 0)))


signal.signal(signal.SIGTERM, stop)
consumer = Consumer(
    {
        "bootstrap.servers": options["bootstrap"],
        "group.id": options["group"],
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "session.timeout.ms": 2000,
        "heartbeat.interval.ms": 400,
    }
)
producer = Producer({"bootstrap.servers": options["bootstrap"], "transactional.id": options["transactionalId"]})
producer.init_transactions(30)
consumer.subscribe([options["input"]], on_assign=lambda _, all: tell("assigned", partitions=[it.partition for it in all]))
turn = 0
while running:
    messages = [it for it in consumer.consume(options["size"], 0.3) if it.error() is None]
    if not messages:
        continue
    turn += 1
    try:
        producer.begin_transaction()
        for it in messages:
            producer.produce(options["output"], key=it.key(), value=it.value())
        if turn % 4 == 0:  # one in four is given up, and comes again
            producer.flush(10)
            producer.abort_transaction(10)
            tell("transaction", result="ABORT")
            rewind()
            continue
        positions = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), 10)
        producer.commit_transaction(10)
        tell("transaction", result="COMMIT")
    except KafkaException as error:
        print("transaction", error, flush=True)
        if error.args[0].fatal():
            sys.exit(str(error))
        if error.args[0].txn_requires_abort():
            producer.abort_transaction(10)
        rewind()
consumer.close()
tell("closed")
