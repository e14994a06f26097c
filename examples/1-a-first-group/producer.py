"""Sends numbered messages to a topic of 4 partitions. A message's key, its number, decides the partition."""

import argparse
import os

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

parser = argparse.ArgumentParser()
parser.add_argument("--topic", default="numbers")
parser.add_argument("--from", dest="first", type=int, default=1)
parser.add_argument("--count", type=int, default=8)
options = parser.parse_args()

connection = {"bootstrap.servers": os.environ.get("REGROUP_BOOTSTRAP_SERVERS", "127.0.0.1:9092")}
admin = AdminClient(connection)
topic = NewTopic(options.topic, num_partitions=4, replication_factor=1)
try:
    admin.create_topics([topic])[options.topic].result()
except KafkaException as error:
    if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
        raise


def tell(error, message):
    if error is not None:
        raise KafkaException(error)
    number = message.key().decode()
    print(f"message {number}: Partition: {message.partition()}, Offset: {message.offset()}", flush=True)


# murmur2 is what Java and regroup take the partition from; librdkafka's own default is another hash.
producer = Producer({**connection, "client.id": "producer", "partitioner": "murmur2_random"})
for number in range(options.first, options.first + options.count):
    producer.produce(options.topic, key=str(number), value=f"message {number}", on_delivery=tell)
producer.flush()
