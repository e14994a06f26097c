/** The client libraries, and how each is run as one member of a group. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kit } from "./broker.ts";
import { type MemberEvent, ownEvents, type Program } from "./member.ts";
import { scratchFolder } from "./scratch.ts";

export type Strategy = "range" | "sticky" | "cooperative-sticky";

export interface MemberOptions {
  readonly bootstrap: string;
  readonly group: string;
  readonly topic: string;
  readonly strategy: Strategy;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Static membership (KIP-345). */
  readonly instanceId?: string;
}

export interface Library {
  readonly name: string;
  readonly features: {
    /** kafkajs and @platformatic/kafka bring no cooperative assignor. */
    readonly cooperative: boolean;
    /** kafkajs knows no group.instance.id. */
    readonly static: boolean;
    /** kcat ends when no broker is left. */
    readonly outlivesBroker: boolean;
    /** @platformatic/kafka gives records again that it had fetched before a rebalance, with Apache Kafka too. */
    readonly givesOnce: boolean;
    /** kcat, told to stop, commits a record that it took and does not print it. */
    readonly leavesCleanly: boolean;
  };
  readonly program: (options: MemberOptions) => Program;
}

const clients = join(import.meta.dirname, "../clients");
export const python = join(import.meta.dirname, "../../../.regroup-test/python/bin/python");

export const kcat: Library = {
  name: "kcat",
  features: { cooperative: true, static: true, outlivesBroker: false, givesOnce: true, leavesCleanly: false },
  program: (options) => ({
    command: "kcat",
    args: ["-b", options.bootstrap, "-G", options.group, "-J", "-u", ...librdkafka(options), options.topic],
    events: kcatEvents,
  }),
};

function librdkafka(options: MemberOptions): string[] {
  const config: Record<string, string | number> = {
    "auto.offset.reset": "earliest",
    "auto.commit.interval.ms": 100,
    "partition.assignment.strategy": options.strategy,
    "session.timeout.ms": options.sessionTimeoutMs,
    "heartbeat.interval.ms": options.heartbeatMs,
    "topic.metadata.refresh.interval.ms": 2000,
    ...(options.instanceId !== undefined && { "group.instance.id": options.instanceId }),
  };
  return Object.entries(config).flatMap(([key, value]) => ["-X", `${key}=${value}`]);
}

/**
 * kcat prints records in JSON, and lines such as "% Group g rebalanced (memberid …): assigned: t [0], t [1]" or
 * "% Group g rebalanced: incremental assignment of 2 partition(s) (memberid …): t [0], t [1]".
 */
function kcatEvents(line: string): MemberEvent[] {
  if (line.startsWith('{"topic"')) {
    const { partition, offset, payload } = JSON.parse(line);
    return [{ event: "record", partition, offset, value: String(payload) }];
  }
  const change = /^% Group \S+ rebalanced.*?: (?:incremental )?(assign|revoke)/.exec(line)?.[1];
  if (!change) return [];
  const partitions = [...line.matchAll(/ \[(\d+)\]/g)].map((match) => Number(match[1]));
  return [{ event: change === "assign" ? "assigned" : "revoked", partitions }];
}

export const kafkajs = ofOurs("kafkajs", process.execPath, "kafkajs.ts", {
  cooperative: false,
  static: false,
  outlivesBroker: true,
  givesOnce: false,
  leavesCleanly: true,
});
export const platformatic = ofOurs("@platformatic/kafka", process.execPath, "platformatic.ts", {
  cooperative: false,
  static: true,
  outlivesBroker: true,
  givesOnce: false,
  leavesCleanly: true,
});
export const confluent = ofOurs("confluent-kafka", python, "confluent.py", {
  cooperative: true,
  static: true,
  outlivesBroker: true,
  givesOnce: false,
  leavesCleanly: true,
});
export const kafkaPython = ofOurs("kafka-python", python, "kafka-python.py", {
  cooperative: true,
  static: true,
  outlivesBroker: true,
  givesOnce: false,
  leavesCleanly: true,
});

export const regroup = ofOurs("regroup", process.execPath, "regroup.ts", {
  cooperative: true,
  static: true,
  outlivesBroker: true,
  givesOnce: true,
  leavesCleanly: true,
});

function ofOurs(name: string, command: string, file: string, features: Library["features"]): Library {
  return {
    name,
    features,
    program: (options) => ({ command, args: [join(clients, file), JSON.stringify(options)], events: ownEvents }),
  };
}

export const java: Library = {
  name: "Java verifiable consumer",
  features: { cooperative: true, static: true, outlivesBroker: true, givesOnce: true, leavesCleanly: true },
  program: (options) => ({
    command: kit,
    args: ["verifiable-consumer", "--verbose", "--command-config", javaConfig(options), ...javaArguments(options)],
    env: { KAFKA_HEAP_OPTS: "-Xmx128m -XX:TieredStopAtLevel=1" },
    events: javaEvents,
  }),
};

const javaAssignors: Record<Strategy, string> = {
  range: "org.apache.kafka.clients.consumer.RangeAssignor",
  sticky: "org.apache.kafka.clients.consumer.StickyAssignor",
  "cooperative-sticky": "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
};

function javaArguments(options: MemberOptions): string[] {
  return [
    ["--bootstrap-server", options.bootstrap],
    ["--group-id", options.group],
    ["--topic", options.topic],
    ["--session-timeout", String(options.sessionTimeoutMs)],
    ["--assignment-strategy", javaAssignors[options.strategy]],
    options.instanceId !== undefined ? ["--group-instance-id", options.instanceId] : [],
  ].flat();
}

function javaConfig(options: MemberOptions): string {
  const file = join(scratchFolder(), "consumer.properties");
  writeFileSync(file, `heartbeat.interval.ms=${options.heartbeatMs}\nmetadata.max.age.ms=2000\n`);
  return file;
}

function javaEvents(line: string): MemberEvent[] {
  if (!line.startsWith("{")) return [];
  const told = JSON.parse(line);
  const partitions = () => told.partitions.map((it: { partition: number }) => it.partition);
  switch (told.name) {
    case "partitions_assigned":
      return [{ event: "assigned", partitions: partitions() }];
    case "partitions_revoked":
      return [{ event: "revoked", partitions: partitions() }];
    case "record_data":
      return [{ event: "record", partition: told.partition, offset: told.offset, value: told.value }];
    case "offsets_committed":
      return told.success
        ? told.offsets.map((it: { partition: number; offset: number }) => ({ event: "committed", ...it }))
        : [];
    case "shutdown_complete":
      return [{ event: "closed" }];
    default:
      return [];
  }
}

export const libraries = [kcat, kafkajs, platformatic, confluent, kafkaPython, java, regroup];
