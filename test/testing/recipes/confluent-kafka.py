"""regroup serve --ephemeral --control-port, driven from Python: confluent-kafka and the standard library."""

import json
import sys
import threading
import urllib.request

from confluent_kafka import Consumer, KafkaException

control = sys.argv[1]  # http://127.0.0.1:…, as the broker prints it
values = ["one", "two", "three", "four"]


def ask(method, path, **body):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(control + path, data=data, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def start_consumer(client_id, **config):
    consumer = Consumer({
        "bootstrap.servers": ask("GET", "/")["bootstrapServers"],
        "client.id": client_id,
        "group.id": config.pop("group"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "heartbeat.interval.ms": 50,
        **config,
    })
    return consumer


def next_record(consumer):
    while True:
        record = consumer.poll(0.1)
        if record is not None and record.error() is None:
            return record


def does_my_handler_survive_a_rebalance_in_mid_batch():
    ask("POST", "/topics", name="rebalance", partitions=2)
    ask("POST", "/topics/rebalance/records", records=values)
    handled = set()  # idempotent: a record that comes again changes nothing
    a = start_consumer("a", group="rebalance")
    a.subscribe(["rebalance"])
    record = next_record(a)  # "one" is at work …
    done = threading.Event()

    def run_b():
        b = start_consumer("b", group="rebalance")
        b.subscribe(["rebalance"])
        while not done.is_set():
            record = b.poll(0.1)
            if record is not None and record.error() is None:
                handled.add(record.value().decode())
                b.commit(record, asynchronous=False)
        b.close()

    thread = threading.Thread(target=run_b)
    thread.start()
    ask("POST", "/requests/await", api="JoinGroup", clientId="b")  # … while the group rebalances
    while len(handled) < len(values):
        if record is not None and record.error() is None:
            handled.add(record.value().decode())
            try:
                a.commit(record, asynchronous=False)
            except KafkaException:
                pass  # the group has moved on: the record comes again, here or at b
        record = a.poll(0.1)
    ask("POST", "/topics/rebalance/await", consumedBy="rebalance")
    done.set()
    thread.join()
    a.close()
    assert sorted(handled) == sorted(values), handled


def what_happens_when_my_commit_fails():
    ask("POST", "/topics", name="commit")
    ask("POST", "/topics/commit/records", records=values)
    consumer = start_consumer("a", group="commit")
    consumer.subscribe(["commit"])
    record = next_record(consumer)
    fault = ask("POST", "/faults", on="OffsetCommit", group="commit", times=1, fail="ILLEGAL_GENERATION")
    try:
        consumer.commit(record, asynchronous=False)
        raise AssertionError("the commit was to fail")
    except KafkaException as failure:
        assert failure.args[0].name() == "ILLEGAL_GENERATION", failure
    assert ask("GET", f"/faults/{fault['id']}") == {"hits": 1}
    assert ask("GET", "/groups/commit")["offsets"] == {}
    consumer.close()


def does_a_slow_handler_get_kicked():
    ask("POST", "/topics", name="slow")
    ask("POST", "/topics/slow/records", records=values)
    config = {"session.timeout.ms": 500, "max.poll.interval.ms": 500}
    consumer = start_consumer("a", group="slow", **config)
    consumer.subscribe(["slow"])
    next_record(consumer)  # and now it takes its time
    ask("POST", "/groups/slow/await", state="Empty")  # yes, after max.poll.interval.ms
    next_record(consumer)  # it joins again with its next poll, and gets the record once more
    ask("POST", "/groups/slow/await", state="Stable", members=1)
    consumer.close()


does_my_handler_survive_a_rebalance_in_mid_batch()
what_happens_when_my_commit_fails()
does_a_slow_handler_get_kicked()
print("done")
