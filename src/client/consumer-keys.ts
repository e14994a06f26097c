/** Keys of the consumer. Defaults are those of the Java client of Kafka 4.3.1, but for the assignors. */
import type { PartitionAssignor } from "../assignment/partition-assignor.ts";
import { type StandardAssignorName, standardAssignors } from "../assignment/standard-assignors.ts";
import { clientKeys } from "./client-keys.ts";
import {
  type ConfigInputOf,
  type ConfigOf,
  callback,
  flag,
  int,
  key,
  oneOf,
  optionalText,
  text,
} from "./config-key.ts";
import { type Deserializer, deserializers } from "./serde.ts";
import type { TopicPartition } from "./topic-partition.ts";

/** What a consumer does at a partition without a committed offset, or whose committed offset is gone (KIP-1106). */
export type OffsetReset = "earliest" | "latest" | "none" | { readonly byDurationMs: number };

/** Makes the assignor of one member: those that are sticky remember. */
export type AssignorFactory = () => PartitionAssignor;
/** What `partition.assignment.strategy` takes: names as on the wire, Java's classes, or your own. */
export type AssignorInput = StandardAssignorName | PartitionAssignor | AssignorFactory;

/** Awaited before the rebalance goes on. */
export type RebalanceListener = (partitions: readonly TopicPartition[]) => void | Promise<void>;

const consumerOwnKeys = {
  "group.id": optionalText(),
  "group.instance.id": optionalText(),
  "group.protocol": oneOf(["classic"], "classic"),
  "client.rack": text(""),
  "session.timeout.ms": int(45_000, 1),
  "heartbeat.interval.ms": int(3000, 1),
  "max.poll.interval.ms": int(300_000, 1),
  "max.poll.records": int(500, 1),
  /** Java's is [range, cooperative-sticky], which makes a member eager (rule 44). */
  "partition.assignment.strategy": key<readonly AssignorFactory[], AssignorInput | readonly AssignorInput[]>(
    [standardAssignors["cooperative-sticky"]],
    parseAssignors,
  ),
  "auto.offset.reset": key<OffsetReset, "earliest" | "latest" | "none" | `by_duration:${string}`>(
    "latest",
    parseOffsetReset,
  ),
  "enable.auto.commit": flag(true),
  "auto.commit.interval.ms": int(5000),
  /** With read_committed records of transactions are handed out once committed, and none of aborted ones (KIP-98). */
  "isolation.level": oneOf(["read_uncommitted", "read_committed"], "read_uncommitted"),
  "fetch.min.bytes": int(1),
  "fetch.max.bytes": int(52_428_800),
  "fetch.max.wait.ms": int(500),
  "max.partition.fetch.bytes": int(1_048_576),
  "check.crcs": flag(true),
  "allow.auto.create.topics": flag(true),
  "exclude.internal.topics": flag(true),
  "key.deserializer": serde<Deserializer, "bytes" | "string" | "json">(deserializers, "Deserializer"),
  "value.deserializer": serde<Deserializer, "bytes" | "string" | "json">(deserializers, "Deserializer"),
  onPartitionsAssigned: callback<RebalanceListener>(),
  onPartitionsRevoked: callback<RebalanceListener>(),
  onPartitionsLost: callback<RebalanceListener>(),
} as const;

export const consumerKeys = { ...clientKeys, ...consumerOwnKeys } as const;
export type ConsumerConfig = ConfigOf<typeof consumerKeys>;
/** Keys of the Java consumer, spelled `"group.id"` or `groupId`, and the callbacks of rebalances. */
export type ConsumerConfigInput = ConfigInputOf<typeof consumerKeys>;

const javaAssignors: Readonly<Record<string, StandardAssignorName>> = {
  RangeAssignor: "range",
  RoundRobinAssignor: "roundrobin",
  StickyAssignor: "sticky",
  CooperativeStickyAssignor: "cooperative-sticky",
};

function parseAssignors(input: unknown): AssignorFactory[] {
  const entries = typeof input === "string" ? input.split(",") : Array.isArray(input) ? input : [input];
  if (entries.length === 0) throw new TypeError("at least one assignor");
  return entries.map((entry) => {
    if (typeof entry === "function") return entry as AssignorFactory;
    if (typeof entry === "object" && entry !== null && "assign" in entry) return () => entry as PartitionAssignor;
    const name = String(entry).trim();
    const standard = javaAssignors[name.replace(/^org\.apache\.kafka\.clients\.consumer\./, "")] ?? name;
    if (!Object.hasOwn(standardAssignors, standard)) {
      throw new TypeError(`assignors of ${Object.keys(standardAssignors).join(", ")}, or your own`);
    }
    return standardAssignors[standard as StandardAssignorName];
  });
}

const iso8601 = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;

/** earliest, latest, none, or by_duration:P1DT2H3M4.5S. */
function parseOffsetReset(input: unknown): OffsetReset {
  const word = String(input);
  const lower = word.toLowerCase();
  if (lower === "earliest" || lower === "latest" || lower === "none") return lower;
  const match = lower.startsWith("by_duration:") ? iso8601.exec(word.slice("by_duration:".length)) : null;
  const parts = match?.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  if (parts === undefined || parts.every((part) => part === undefined)) {
    throw new TypeError("earliest, latest, none or by_duration: and an ISO 8601 duration such as P1DT12H");
  }
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  return { byDurationMs: Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000) };
}

/** A name of the table, Java's class of the same, or a function. */
export function serde<F, Name extends string>(known: Readonly<Record<string, F>>, suffix: string) {
  return key<F, Name | F>(known.bytes!, (input) => {
    if (typeof input === "function") return input as F;
    const name = String(input).replace(
      new RegExp(`^org\\.apache\\.kafka\\.common\\.serialization\\.|${suffix}$`, "g"),
      "",
    );
    const found = known[name.replace("ByteArray", "bytes").toLowerCase()];
    if (found === undefined || !Object.hasOwn(known, name.replace("ByteArray", "bytes").toLowerCase())) {
      throw new TypeError(`one of ${Object.keys(known).join(", ")}, or a function`);
    }
    return found;
  });
}
