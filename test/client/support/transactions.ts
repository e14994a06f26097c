/** What the tests of transactions share: producers that speak either protocol, and readers of either isolation. */

import type { Admin } from "../../../src/client/admin/admin.ts";
import type { Cluster } from "../../../src/client/cluster.ts";
import { readConfig } from "../../../src/client/config.ts";
import type { Kafka } from "../../../src/client/kafka.ts";
import { openCluster } from "../../../src/client/open-cluster.ts";
import { Producer } from "../../../src/client/producer/producer.ts";
import type { ProducerConfigInput } from "../../../src/client/producer-keys.ts";
import { until } from "../../interop/support/until.ts";
import { unique } from "../broker.ts";
import { reading } from "./consumers.ts";

/** KIP-890 calls them TV1 and TV2. */
export const protocols = ["v1", "v2"] as const;
export type TransactionProtocol = (typeof protocols)[number];

/** @param protocol "v1": as with a cluster that has not agreed upon the second version of the protocol. */
export function producerOf(
  bootstrapServers: string,
  protocol: TransactionProtocol,
  input: ProducerConfigInput = {},
): Producer {
  const config = readConfig("producer", { bootstrapServers, transactionalId: unique("transfers"), ...input });
  const cluster = openCluster(config);
  return new Producer(protocol === "v2" ? cluster : withoutFeatures(cluster), config);
}

function withoutFeatures(cluster: Cluster): Cluster {
  return new Proxy(cluster, {
    get(target, name) {
      if (name === "versions") {
        return async (...to: Parameters<Cluster["versions"]>) => {
          const versions = await target.versions(...to);
          return { ...versions, finalizedLevel: () => 0 };
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** All values of partition 0 that a consumer of this isolation is handed, up to the end that it may see. */
export async function valuesOf(
  { kafka, admin }: { readonly kafka: Kafka; readonly admin: Admin },
  topic: string,
  isolationLevel: "read_uncommitted" | "read_committed" = "read_committed",
): Promise<string[]> {
  const partition = { topic, partition: 0 };
  await using consumer = kafka.consumer({ isolationLevel, autoOffsetReset: "earliest", valueDeserializer: "string" });
  const [end] = await admin.listOffsets([{ ...partition, at: "latest" }], { isolationLevel });
  await consumer.assign([partition]);
  const { values } = reading(consumer);
  await until("all is read", async () => (await consumer.position(partition)) >= end!.offset);
  return values;
}
