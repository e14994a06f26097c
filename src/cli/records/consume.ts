/** `regroup consume` */
import { type Command, Option } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import type { OffsetToCommit } from "../../client/consumer/committer.ts";
import type { Consumer } from "../../client/consumer/consumer.ts";
import type { TopicPartition } from "../../client/topic-partition.ts";
import { brokerCommand, type ConnectionFlags, examples } from "../broker-command.ts";
import { ConditionUnmet, UsageError } from "../errors.ts";
import { integer } from "../key-values.ts";
import { say } from "../messages.ts";
import { interruption, unlessInterrupted } from "../signals.ts";
import { chosenTopics } from "../topics/chosen-topics.ts";
import { type ConsumerContext, openConsumer } from "../with-client.ts";
import { asBytes, type EncodingFlags, encodingOptions } from "./byte-text.ts";
import { printRecords } from "./print-records.ts";
import {
  keyOf,
  type Offsets,
  offsetsAt,
  partitionNumbers,
  type Start,
  type StartFlags,
  startOf,
  startOffsets,
} from "./reading-range.ts";
import { recordFormat } from "./record-format.ts";

interface ConsumeFlags extends ConnectionFlags, EncodingFlags, StartFlags {
  readonly match?: string;
  readonly group?: string;
  readonly commit: boolean;
  readonly partition?: string;
  readonly max?: string;
  readonly untilEnd?: boolean;
  readonly timeout?: string;
  readonly format: string;
}

export function consumeCommand(): Command {
  const command = brokerCommand("consume", "Print the records of topics, as a member of a group or alone.")
    .argument("[topic...]", "their names")
    .option("--match <regex>", "those whose whole name matches; not the cluster's own")
    .option("-g, --group <id>", "share the partitions with the other members, and go on where the group has committed")
    .option("--no-commit", "commit nothing to the group")
    .option("-p, --partition <numbers>", "only these: 0 or 0,2 or 4-7; without a group")
    .option("--from-beginning", "with a group: where it has not committed yet")
    .option("--from-offset <offset>", "without a group")
    .option("--from-time <time>", "2026-01-31T08:00:00Z, milliseconds since 1970, or 10m ago; without a group")
    .option("--last <number>", "the last so many of each partition; without a group")
    .option("-n, --max <number>", "end after so many records")
    .option("--until-end", "end where the partitions end now")
    .option("--timeout <seconds>", "end when none came for so long; exits 3 when fewer than --max came")
    .addOption(new Option("-f, --format <format>", "value, key, full, json or a template, see below").default("value"));
  for (const option of encodingOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `${examples(
        "regroup consume orders",
        "regroup consume orders --from-beginning --until-end --format full",
        "regroup consume orders --group billing -X auto.offset.reset=earliest",
        "regroup consume orders --from-time 10m --format '%p %o %T %k %s'",
        "regroup consume orders --last 5 --until-end --format json | jq .value",
        "regroup consume orders -n 1 --timeout 5 || echo nothing came",
      )}
Without a group and without --from-…, --last: what is written from now on.
Formats: value; key (key, tab, value); full (where, when, key, value, headers); json (one line each, as produce takes);
or a template of kcat's letters: %t topic, %p partition, %o offset, %k key, %s value, %K and %S their lengths,
%T timestamp, %h headers, %% percent.
`,
    )
    .action(consume);
}

async function consume(names: readonly string[], flags: ConsumeFlags): Promise<void> {
  const start = startOf(flags);
  const format = recordFormat(flags.format, flags);
  const partitionsOnly = flags.partition === undefined ? undefined : partitionNumbers(flags.partition);
  const maxRecords = flags.max === undefined ? Number.POSITIVE_INFINITY : integer("--max", flags.max, 1);
  const seconds = flags.timeout === undefined ? Number.POSITIVE_INFINITY : integer("--timeout", flags.timeout, 1);
  const group = new GroupMessages();
  const context = await openConsumer(flags, overridesOf(flags, start, group));
  const { consumer, admin, config } = context;
  try {
    refuseContradictions(flags, start, config.groupId);
    const partitions = await unlessInterrupted(partitionsOf(admin, names, flags, partitionsOnly));
    const ends = flags.untilEnd === true ? await unlessInterrupted(endsOf(context, partitions)) : undefined;
    if (config.groupId !== undefined) await consumer.subscribe([...new Set(partitions.map(({ topic }) => topic))]);
    else await unlessInterrupted(assign(context, partitions, start));
    const ending = { maxRecords, idleMs: 1000 * seconds, ends, signal: interruption() };
    const hasPartitions = () => config.groupId === undefined || group.hasJoined;
    const { count, isIdle, offsets } = await printRecords(consumer, format, ending, hasPartitions);
    if (config.groupId !== undefined && config.enableAutoCommit) await commit(consumer, offsets);
    if (isIdle && flags.max !== undefined) throw new ConditionUnmet(`${count} of ${maxRecords} records came in time`);
  } finally {
    await consumer.close();
  }
}

/** Says on stderr which partitions a member of a group has. */
class GroupMessages {
  /** It knows its partitions, which may be none. */
  hasJoined = false;
  readonly #has = new Map<string, TopicPartition>();

  /** In a cooperative rebalance these are only the new ones, and often there are none. */
  readonly assigned = (partitions: readonly TopicPartition[]): void => {
    for (const each of partitions) this.#has.set(keyOf(each), each);
    const others = this.#has.size - partitions.length;
    const inAll = others === 0 ? "" : ` (in all ${namesOf([...this.#has.values()])})`;
    if (!this.hasJoined || partitions.length > 0) say(`assigned: ${namesOf(partitions)}${inAll}`);
    this.hasJoined = true;
  };

  readonly revoked = (partitions: readonly TopicPartition[]): void => {
    for (const each of partitions) this.#has.delete(keyOf(each));
    if (partitions.length > 0) say(`revoked: ${namesOf(partitions)}`);
  };
}

function namesOf(partitions: readonly TopicPartition[]): string {
  return partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(" ") || "no partitions";
}

/** @throws {UsageError} */
function refuseContradictions(flags: ConsumeFlags, start: Start | undefined, groupId: string | undefined): void {
  if (groupId === undefined) {
    if (!flags.commit) throw new UsageError("--no-commit: without a group nothing is committed");
    if (flags.untilEnd === true && (start ?? fromNowOn).at === "end") {
      throw new UsageError("--until-end: nothing is read; say from where by --from-beginning, --from-time, --last …");
    }
    return;
  }
  const where = "a member of a group goes on where the group has committed (regroup groups reset-offsets changes that)";
  if (start !== undefined && start.at !== "beginning") throw new UsageError(where);
  if (flags.partition !== undefined)
    throw new UsageError("--partition: a member of a group is assigned its partitions");
}

const fromNowOn: Start = { at: "end" };

function overridesOf(flags: ConsumeFlags, start: Start | undefined, group: GroupMessages): Record<string, unknown> {
  return {
    ...asBytes("deserializer", flags),
    onPartitionsAssigned: group.assigned,
    onPartitionsRevoked: group.revoked,
    ...(flags.group === undefined ? {} : { "group.id": flags.group }),
    ...(flags.commit ? {} : { "enable.auto.commit": "false" }),
    ...(start?.at === "beginning" ? { "auto.offset.reset": "earliest" } : {}),
  };
}

/** @throws {UsageError} for a partition that a topic does not have. */
async function partitionsOf(
  admin: Admin,
  names: readonly string[],
  flags: ConsumeFlags,
  only: readonly number[] | undefined,
): Promise<TopicPartition[]> {
  const topics = await admin.describeTopics(await chosenTopics(admin, names, flags));
  return topics.flatMap(({ topic, partitions: { length } }) => {
    const numbers = only ?? Array.from({ length }, (_, partition) => partition);
    const stranger = numbers.find((partition) => partition >= length);
    if (stranger === undefined) return numbers.map((partition) => ({ topic, partition }));
    throw new UsageError(`--partition: ${topic} has no partition ${stranger}: it has ${length}, from 0`);
  });
}

function endsOf({ admin, config }: ConsumerContext, partitions: readonly TopicPartition[]): Promise<Offsets> {
  return offsetsAt(admin, partitions, "latest", config);
}

/** What is out of a partition's range is told as the consumer's error, unless auto.offset.reset says where to go. */
async function assign(
  { consumer, admin, config }: ConsumerContext,
  partitions: readonly TopicPartition[],
  start = fromNowOn,
): Promise<void> {
  const offsets = await startOffsets(admin, partitions, start, config);
  await consumer.assign(partitions);
  for (const partition of partitions) await consumer.seek(partition, offsets.get(keyOf(partition))!);
  if (start.at === "end") say("What is written from now on is read (--from-beginning: all there is). Control-C ends.");
}

/** What was printed is done, also the batch that it ended in. */
async function commit(consumer: Consumer, offsets: readonly OffsetToCommit[]): Promise<void> {
  const mine = new Set(consumer.assignment().map(keyOf));
  const still = offsets.filter((each) => mine.has(keyOf(each)));
  if (still.length > 0) await consumer.commit(still);
}
