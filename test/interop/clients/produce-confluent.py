"""Produces by confluent-kafka, idempotently; see README.md."""

import json
import sys

from confluent_kafka import Producer

options = json.loads(sys.argv[1])
producer = Producer(
    {
        "bootstrap.servers": options["bootstrap"],
        "enable.idempotence": True,
        "compression.type": options["compression"],
        "linger.ms": 5,
    }
)


def delivered(error, message):
    if error:
        sys.exit(str(error))
    told = {"partition": message.partition(), "offset": message.offset(), "value": message.value().decode()}
    print(json.dumps(told))


for n in range(options["count"]):
    producer.produce(options["topic"], key=f"key {n}", value=f"value {n}", on_delivery=delivered)
if producer.flush(30) > 0:
    sys.exit("not all was delivered")
