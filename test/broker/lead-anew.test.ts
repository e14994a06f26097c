import assert from "node:assert/strict";
import { test } from "node:test";
import { JoinGroup } from "../../src/protocol/apis/join-group.ts";
import { ListOffsets } from "../../src/protocol/apis/list-offsets.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { type BrokerUnderTest, createTopic, openCoordinator, startBroker } from "./harness.ts";

test("a partition that is led anew has a next leader epoch, and the others keep theirs", async () => {
  const under = await startBroker();
  await createTopic(under, "t", 2);
  await under.broker.leadAnew("t", 1);
  await under.broker.leadAnew("t", 1);
  assert.deepEqual(await epochs(under), [0, 2]);

  const answers = await Promise.all([1, 2].map((epoch) => listOffset(under, epoch)));
  assert.deepEqual(answers, [ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.NONE]);
});

test("the epochs of a topic that grows are those its partitions are led under", async () => {
  const under = await startBroker();
  await createTopic(under, "t", 2);
  await under.broker.leadAnew("t", 1);
  await under.broker.services.metadataShard.submit("CreatePartitions", {
    topics: [{ name: "t", count: 3, assignments: null }],
    validateOnly: false,
  });
  await under.broker.services.metadataShard.settled();
  assert.deepEqual(await epochs(under), [0, 1, 0]);
});

test("after a restart every leader epoch is above those before", async () => {
  const first = await startBroker();
  await createTopic(first, "t", 2);
  await first.broker.leadAnew("t", 1);
  await first.broker.stop();
  const second = await startBroker({ log: first.log });
  assert.deepEqual(await epochs(second), [2, 2]);
});

test("a coordinator that is led anew tells those who are parked to look for it again", async () => {
  const under = await startBroker({ config: { "group.initial.rebalance.delay.ms": "3000" } });
  const client = under.connect();
  await openCoordinator(client);
  const protocols = [{ name: "range", metadata: new Uint8Array(0) }];
  const join = { groupId: "g", sessionTimeoutMs: 10_000, memberId: "", protocolType: "consumer", protocols };
  const parked = client.ask(JoinGroup, 3, join);
  await under.broker.leadAnew("__consumer_offsets", under.broker.services.groupPartition("g"));
  assert.equal((await parked).errorCode, ErrorCode.NOT_COORDINATOR);
});

async function epochs({ connect }: BrokerUnderTest): Promise<(number | undefined)[]> {
  const { topics } = await connect().ask(Metadata, 12, { topics: [{ name: "t" }], allowAutoTopicCreation: false });
  return topics[0]!.partitions.map(({ leaderEpoch }) => leaderEpoch);
}

async function listOffset({ connect }: BrokerUnderTest, currentLeaderEpoch: number): Promise<number> {
  const partitions = [{ partitionIndex: 1, currentLeaderEpoch, timestamp: -1 }];
  const topics = [{ name: "t", partitions }];
  const answer = await connect().ask(ListOffsets, 7, { replicaId: -1, isolationLevel: 0, topics });
  return answer.topics[0]!.partitions[0]!.errorCode;
}
