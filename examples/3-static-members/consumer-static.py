"""A static member: with a group.instance.id it may go and come back, and the group does not rebalance."""

import argparse
import os
from datetime import datetime, timezone

from confluent_kafka import Consumer, KafkaException

parser = argparse.ArgumentParser()
parser.add_argument("--instance-id", default="billing-1")
parser.add_argument("--topic", default="orders")
parser.add_argument("--group", default="billing")
parser.add_argument("--session-timeout-ms", type=int, default=os.environ.get("SESSION_TIMEOUT_MS", "30000"))
options = parser.parse_args()


def tell(event):
    def listener(_consumer, partitions):
        if partitions:
            time = datetime.now(timezone.utc).strftime("%H:%M:%S.%f")[:-3]
            names = sorted(f"{it.topic}-{it.partition}" for it in partitions)
            print(f"{time} {options.instance_id} {event} {' '.join(names)}", flush=True)

    return listener


consumer = Consumer(
    {
        "bootstrap.servers": os.environ.get("REGROUP_BOOTSTRAP_SERVERS", "127.0.0.1:9092"),
        "client.id": options.instance_id,
        "group.id": options.group,
        "group.instance.id": options.instance_id,
        "session.timeout.ms": options.session_timeout_ms,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "partition.assignment.strategy": "cooperative-sticky",
    }
)
print(f"{options.instance_id} (pid {os.getpid()}) joins the group {options.group}", flush=True)
consumer.subscribe([options.topic], on_assign=tell("is given"), on_revoke=tell("gives up"), on_lost=tell("has lost"))
try:
    while True:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        print(
            f"Topic: {message.topic()}, Partition: {message.partition()}, Offset: {message.offset()}, "
            f"Key: {message.key().decode()}, Message: {message.value().decode()}",
            flush=True,
        )
        consumer.commit(message, asynchronous=False)
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
print(f"{options.instance_id} goes, and stays in the group until its session ends", flush=True)
