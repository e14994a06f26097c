"""A group member by kafka-python; see README.md."""

import json
import signal
import sys

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

options = json.loads(sys.argv[1])


class Stop(BaseException):
    """Raised by SIGTERM, wherever the program is."""


def stop(_signal, _frame):
    raise Stop


def tell(event, **more):
    sys.stdout.write(json.dumps({"event": event, **more}) + "\n")  # whole lines, whoever else prints
    sys.stdout.flush()


def numbers(partitions):
    return sorted(it.partition for it in partitions)


class Listener(ConsumerRebalanceListener):
    def on_partitions_assigned(self, assigned):
        stable = consumer._coordinator.generation_if_stable()
        more = {"generation": stable.generation_id} if stable else {}
        tell("assigned", partitions=numbers(assigned), **more)

    def on_partitions_revoked(self, revoked):
        tell("revoked", partitions=numbers(revoked))

    def on_partitions_lost(self, lost):
        tell("revoked", partitions=numbers(lost))


signal.signal(signal.SIGTERM, stop)
assignors = {
    "range": RangePartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}
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
try:
    while True:
        # Not shorter: where the timeout of a poll ends while a SyncGroup is under way, kafka-python 3.0.12 loses its
        # answer, and the member hangs (seen with Apache Kafka too).
        for partition, records in consumer.poll(timeout_ms=600_000).items():
            for it in records:
                tell("record", partition=it.partition, offset=it.offset, value=it.value.decode())
            offset = records[-1].offset + 1
            try:
                consumer.commit({partition: OffsetAndMetadata(offset, "", -1)})
                tell("committed", partition=partition.partition, offset=offset)
            except Exception as error:  # the group moved on, or the broker is away: the records come again
                print("commit", error, flush=True)
except Stop:
    consumer.close(autocommit=False)
    tell("closed")
