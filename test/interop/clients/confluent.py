"""A group member by confluent-kafka (librdkafka); see README.md."""

import json
import signal
import sys

from confluent_kafka import Consumer

options = json.loads(sys.argv[1])
running = True


def stop(_signal, _frame):
    global running
    running = False


def tell(event, **more):
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")  # whole lines, whoever else prints
    sys.stdout.flush()


def numbers(partitions):
    return [it.partition for it in partitions]


signal.signal(signal.SIGTERM, stop)
config = {
    "bootstrap.servers": options["bootstrap"],
    "group.id": options["group"],
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "partition.assignment.strategy": options["strategy"],
    "session.timeout.ms": options["sessionTimeoutMs"],
    "heartbeat.interval.ms": options["heartbeatMs"],
    "topic.metadata.refresh.interval.ms": 2000,
}
if "instanceId" in options:
    config["group.instance.id"] = options["instanceId"]
consumer = Consumer(config)
consumer.subscribe(
    [options["topic"]],
    on_assign=lambda _, partitions: tell("assigned", partitions=numbers(partitions)),
    on_revoke=lambda _, partitions: tell("revoked", partitions=numbers(partitions)),
    on_lost=lambda _, partitions: tell("revoked", partitions=numbers(partitions)),
)
while running:
    message = consumer.poll(0.2)
    if message is None:
        continue
    if message.error():
        print("error", message.error(), flush=True)
        continue
    tell("record", partition=message.partition(), offset=message.offset(), value=message.value().decode())
    try:
        for it in consumer.commit(message, asynchronous=False):
            tell("committed", partition=it.partition, offset=it.offset)
    except Exception as error:  # the group moved on, or the broker is away: the record comes again
        print("commit", error, flush=True)
consumer.close()
tell("closed")
