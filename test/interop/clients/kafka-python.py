"""A group member by kafka-python; see README.md."""

import json
import signal
import sys

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor

options = json.loads(sys.argv[1])
running = True


def stop(_signal, _frame):
    global running
    running = False


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def numbers(partitions):
    return sorted(it.partition for it in partitions)


class Listener(ConsumerRebalanceListener):
    def on_partitions_assigned(self, assigned):
        generation = consumer._coordinator.generation()
        tell("assigned", partitions=numbers(assigned), **({"generation": generation.generation_id} if generation else {}))

    def on_partitions_revoked(self, revoked):
        tell("revoked", partitions=numbers(revoked))

    def on_partitions_lost(self, lost):
        tell("revoked", partitions=numbers(lost))


signal.signal(signal.SIGTERM, stop)
assignors = {"range": RangePartitionAssignor, "cooperative-sticky": CooperativeStickyAssignor}
consumer = KafkaConsumer(
    bootstrap_servers=options["bootstrap"],
    group_id=options["group"],
    group_instance_id=options.get("instanceId"),
    auto_offset_reset="earliest",
    enable_auto_commit=False,
    partition_assignment_strategy=[assignors[options["strategy"]]],
    session_timeout_ms=options["sessionTimeoutMs"],
    heartbeat_interval_ms=options["heartbeatMs"],
    metadata_max_age_ms=2000,
)
consumer.subscribe([options["topic"]], listener=Listener())
while running:
    for partition, records in consumer.poll(timeout_ms=200).items():
        for it in records:
            tell("record", partition=it.partition, offset=it.offset, value=it.value.decode())
        offset = records[-1].offset + 1
        try:
            consumer.commit({TopicPartition(partition.topic, partition.partition): OffsetAndMetadata(offset, "", -1)})
            tell("committed", partition=partition.partition, offset=offset)
        except Exception as error:  # the group moved on, or the broker is away: the records come again
            print("commit", error, flush=True)
consumer.close(autocommit=False)
tell("closed")
