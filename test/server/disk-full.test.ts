/** The disk becomes full under a broker: reads go on, writes are refused, and with room again a restart cures it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/broker/config-sources.ts";
import { Kafka } from "../../src/client/index.ts";
import { openFileLog } from "../../src/log/file/recovery.ts";
import { MemoryDisk } from "../../src/log/memory-disk.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { OffsetCommit } from "../../src/protocol/apis/offset-commit.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { serve } from "../../src/server/serve.ts";
import { FaultyDisk } from "../log/faults/faulty-disk.ts";
import { ask } from "./asking.ts";
import { failing } from "./failing-journal.ts";
import { anyPort, RawClient, RunningBroker, withFolder } from "./running.ts";
import { canMount, SmallDisk } from "./small-disk.ts";

const topic = "orders";
const at = { topic, partition: 0 };
const value = (index: number) => `${index}-${"x".repeat(100_000)}`;

const clientOf = (port: number) => new Kafka({ bootstrapServers: `127.0.0.1:${port}` });

/** Produces until the broker refuses. @returns how many records it acknowledged. */
async function fill(port: number, from = 0): Promise<number> {
  const producer = clientOf(port).producer({ retries: 0, enableIdempotence: false, lingerMs: 0 });
  for (let index = from; ; index++) {
    const error = await producer.send({ ...at, value: value(index) }).then(
      () => undefined,
      (reason: { errorCode?: number }) => reason,
    );
    if (error === undefined) continue;
    assert.equal(error.errorCode, ErrorCode.KAFKA_STORAGE_ERROR, String(error));
    await assert.rejects(producer.send({ ...at, value: "again" }), { errorCode: ErrorCode.KAFKA_STORAGE_ERROR });
    await producer.close();
    return index;
  }
}

/** All that was acknowledged can be read, the committed offset too. */
async function reads(port: number, acknowledged: number): Promise<void> {
  const kafka = clientOf(port);
  const consumer = kafka.consumer({ "value.deserializer": "string" });
  await consumer.assign([at]);
  await consumer.seek(at, "beginning");
  let next = 0;
  for await (const record of consumer) {
    assert.deepEqual([record.offset, record.value === value(next)], [next, true]);
    if (++next === acknowledged) break;
  }
  await consumer.close();
  const admin = kafka.admin();
  const [committed] = await admin.listGroupOffsets("billing", { partitions: [at] });
  assert.equal(committed?.offset, 7);
  await admin.close();
}

async function begins(port: number): Promise<void> {
  const admin = clientOf(port).admin();
  await admin.createTopics([{ topic, numPartitions: 1 }]);
  await admin.alterGroupOffsets("billing", [{ ...at, offset: 7 }]);
  await admin.close();
}

/** Commits and new topics need the disk, and say that they cannot have it. */
async function refuses(port: number): Promise<void> {
  const admin = clientOf(port).admin();
  const soon = { timeoutMs: 300 };
  await assert.rejects(admin.alterGroupOffsets("billing", [{ ...at, offset: 8 }], soon), { name: /Error/ });
  await assert.rejects(admin.createTopics([{ topic: "more", numPartitions: 1 }], soon), { name: /Error/ });
  const client = new RawClient(port);
  const partitions = [{ partitionIndex: at.partition, committedOffset: 9, committedMetadata: "" }];
  const request = { groupId: "billing", memberId: "", topics: [{ name: topic, partitions }] };
  const { topics } = await ask(client, OffsetCommit, 8, request);
  assert.equal(topics[0]!.partitions[0]!.errorCode, ErrorCode.NOT_COORDINATOR);
  client.socket.destroy();
  const [committed] = await admin.listGroupOffsets("billing", { partitions: [at] });
  assert.equal(committed?.offset, 7);
  await admin.close();
}

test("a full disk: what was acknowledged is read, nothing is taken, room and a restart cure it", async () => {
  const disk = new MemoryDisk();
  let roomBytes = 3_000_000;
  const start = async (on: MemoryDisk) => {
    const faultOf = (kind: string) => {
      return kind === "write" && on.bytesWritten > roomBytes ? ({ code: "ENOSPC" } as const) : undefined;
    };
    const { config } = loadConfig([
      { key: "listeners", value: "PLAINTEXT://127.0.0.1:0", where: "here" },
      { key: "offsets.topic.num.partitions", value: "1", where: "here" },
    ]);
    const faulty = new FaultyDisk(on, faultOf);
    const log = await openFileLog({ disk: faulty, platform: nodePlatform, folder: "data", journalFileBytes: 1 << 20 });
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const onFailure = (error: unknown) => assert.fail(String(error));
    return serve({ config, ephemeral: true, logger, onFailure, parts: { log } });
  };
  const server = await start(disk);
  const { port } = server.listeners.bound[0]!;
  await begins(port);
  const acknowledged = await fill(port);
  assert.ok(acknowledged > 3);
  await reads(port, acknowledged);
  await refuses(port);
  await reads(port, acknowledged);
  await server.stop();

  roomBytes = Number.POSITIVE_INFINITY;
  const next = await start(disk.crash({ kind: "kill" }));
  await reads(next.listeners.bound[0]!.port, acknowledged);
  const producer = clientOf(next.listeners.bound[0]!.port).producer();
  await producer.send({ ...at, value: "goes on" });
  await producer.close();
  await next.stop();
});

/** @param above more records than so many are acknowledged first. @param start each of its two lives. */
async function staysUntilRoom(above: number, start: () => RunningBroker, makeRoom: () => Promise<void>): Promise<void> {
  const broker = start();
  try {
    const port = await broker.port();
    await begins(port);
    const acknowledged = await fill(port);
    assert.ok(acknowledged > above, `${acknowledged} records`);
    await broker.says(/the disk is full/);
    await reads(port, acknowledged);
    await refuses(port);
    await reads(port, acknowledged);
    assert.equal((await broker.stop()).code, 0);

    await makeRoom();
    const next = start();
    try {
      await reads(await next.port(), acknowledged);
      const producer = clientOf(await next.port()).producer();
      await producer.send({ ...at, value: "goes on" });
      await producer.close();
    } finally {
      await next.stop("SIGKILL");
    }
  } finally {
    await broker.stop("SIGKILL");
  }
}

for (const code of ["ENOSPC", "EDQUOT"]) {
  test(`${code} on a write of the journal: the process stays, reads go on, nothing more is taken`, () =>
    withFolder(async (folder) => {
      let environment = failing("write", 120, code); // behind what `begins` writes, and once: a retry would be taken
      const start = () => new RunningBroker([...anyPort, "-o", `log.dirs=${folder}`], environment);
      await staysUntilRoom(3, start, async () => {
        environment = {};
      });
    }));
}

if (canMount) {
  test("a file system of 60 MB becomes full, is made larger, and the broker started again", async () => {
    await withFolder(async (folder) => {
      const disk = await SmallDisk.at(folder, 60);
      const start = () => new RunningBroker([...anyPort, "-o", `log.dirs=${folder}/data`], {}, "", disk.within);
      await staysUntilRoom(20, start, () => disk.grow(folder, 200)).finally(() => disk.end());
    });
  });
}
