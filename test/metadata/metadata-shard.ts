/** A metadata shard over a memory log, and the image that its facts build elsewhere. */
import { Runtime } from "../../src/coordinator/runtime.ts";
import { defaultLogConfig } from "../../src/log/config.ts";
import type { PartitionLog } from "../../src/log/log.ts";
import { openMemoryLog } from "../../src/log/memory/memory-log.ts";
import { type ConfigKey, int } from "../../src/metadata/config-def.ts";
import { MetadataImage } from "../../src/metadata/image.ts";
import { MetadataMachine } from "../../src/metadata/machine.ts";
import { metadataCodec } from "../../src/metadata/records.ts";
import type { MetadataRequests, NewTopic } from "../../src/metadata/requests.ts";
import { topicConfigKey } from "../../src/metadata/topic-configs.ts";
import { nodePlatform } from "../../src/platform/node-platform.ts";
import { seededRng } from "../../src/testing/seeded-rng.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

export const nodeId = 1;

const rules = {
  nodeId,
  numPartitions: () => 4,
  topicDefault: (name: string) => topicConfigKey(name)!.key.default!,
  brokerConfigKey: (name: string) => (name === "max.connections" ? (int(2_147_483_647, "") as ConfigKey) : undefined),
};

export interface MetadataShard {
  /** What the facts told. */
  readonly image: MetadataImage;
  readonly log: PartitionLog;
  ask<K extends keyof MetadataRequests>(
    type: K,
    request: MetadataRequests[K]["request"],
  ): Promise<MetadataRequests[K]["reply"]>;
}

export async function openShard(log?: PartitionLog, seed = 1): Promise<MetadataShard> {
  const image = new MetadataImage();
  const opened = log ?? (await newLog());
  const runtime = new Runtime({
    clock: new VirtualClock(),
    rng: seededRng(seed),
    platform: nodePlatform,
    codec: metadataCodec,
    machine: () => new MetadataMachine(rules),
    onFact: ({ records }) => {
      for (const record of records) image.replay(record);
    },
    onFailure: (_, error) => {
      throw error;
    },
  });
  const leaderEpoch = opened.leaderEpoch + 1;
  opened.becomeLeader(leaderEpoch);
  await runtime.load(0, opened, leaderEpoch);
  return {
    image,
    log: opened,
    async ask(type, request) {
      const outcome = await runtime.submit(0, type, request);
      if (!outcome.ok) throw new Error(`${String(type)}: error ${outcome.errorCode}`);
      return outcome.reply;
    },
  };
}

/** A shard whose broker has registered. */
export async function startedShard(log?: PartitionLog, seed?: number): Promise<MetadataShard> {
  const shard = await openShard(log, seed);
  await shard.ask("RegisterBroker", { nodeId });
  return shard;
}

async function newLog(): Promise<PartitionLog> {
  const log = openMemoryLog({ platform: nodePlatform });
  const at = { topic: "__cluster_metadata", partition: 0, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" };
  return log.create(at, defaultLogConfig);
}

export function topicOf(name: string, rest: Partial<NewTopic> = {}): NewTopic {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...rest };
}

/** What a client could see of an image, to compare two. */
export function contentsOf(image: MetadataImage) {
  const topics = [...image.topics()].map(({ name, topicId, partitions }) => {
    const epochs = partitions.map((_, partition) => image.leaderEpoch({ name, topicId, partitions }, partition));
    return { name, topicId, epochs, configs: [...image.configs(2, name)] };
  });
  const { clusterId, brokerEpoch, nextProducerId } = image;
  return { clusterId, brokerEpoch, nextProducerId, topics, broker: [...image.configs(4, "")] };
}
