"""Produces by kafka-python, idempotently; see README.md."""

import json
import sys

from kafka import KafkaProducer

options = json.loads(sys.argv[1])
producer = KafkaProducer(
    bootstrap_servers=options["bootstrap"],
    enable_idempotence=True,
    compression_type=None if options["compression"] == "none" else options["compression"],
    linger_ms=5,
)
sent = [
    producer.send(options["topic"], key=f"key {n}".encode(), value=f"value {n}".encode())
    for n in range(options["count"])
]
for n, future in enumerate(sent):
    at = future.get(timeout=30)
    print(json.dumps({"partition": at.partition, "offset": at.offset, "value": f"value {n}"}))
producer.close()
