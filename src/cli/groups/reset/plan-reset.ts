/**
 * Finds out what a reset would do. Changes nothing. Groups are independent: one that cannot be reset does not hold back
 * the others. A topic or partition that is not known is most likely mistyped, and ends it all.
 */
import type { Admin } from "../../../client/admin/admin.ts";
import type { GroupDescription } from "../../../client/admin/groups.ts";
import type { ListedOffset } from "../../../client/admin/offsets.ts";
import type { TopicDescription } from "../../../client/cluster.ts";
import { partitionKey, type TopicPartition } from "../../../client/topic-partition.ts";
import { type Failure, partial, throwFailures } from "../../partial.ts";
import { committedOffsets } from "../describe-groups.ts";
import { logRanges } from "../log-ranges.ts";
import { byTopicAndPartition, partitionList } from "../partition-list.ts";
import type { ResetRequest, Wanted } from "./reset-request.ts";
import { noteTexts, type PlannedOffset, planPartition } from "./target.ts";

export interface ResetPlan {
  /** By group in the order asked for, then by topic and partition. */
  readonly offsets: readonly PlannedOffset[];
  /** For a person. */
  readonly notes: readonly string[];
  /** What cannot be reset, and why; the rest can. */
  readonly problems: readonly string[];
}

export interface PlanOptions {
  /** A group that does not exist is made by its first offset. */
  readonly create: boolean;
}

/** @throws {FailedError} for topics and partitions that are not known. */
export async function planReset(
  admin: Admin,
  groupIds: readonly string[],
  request: ResetRequest,
  options: PlanOptions,
): Promise<ResetPlan> {
  const [{ allowed, problems }, commits, topics] = await Promise.all([
    resettable(admin, groupIds, options),
    committedOffsets(admin, groupIds),
    knownPartitions(admin, request),
  ]);
  const committed = new Map(
    [...commits.offsets].map(([group, offsets]) => {
      return [group, new Map(offsets.map((each) => [partitionKey(each.topic, each.partition), each.offset]))] as const;
    }),
  );
  const wanted = allowed.map((group) => {
    const theirs = commits.offsets.get(group) ?? [];
    return { group, partitions: wantedOf(group, request, theirs, topics.partitionsOf) };
  });
  const all = wanted.flatMap(({ partitions }) => partitions);
  const [{ ranges, failures }, times] = await Promise.all([logRanges(admin, distinct(all)), offsetsAtTime(admin, all)]);
  const unread = commits.failures.filter(({ item }) => allowed.includes((item as { groupId: string }).groupId));
  throwFailures(unread, topics.failures, failures, times.failures);
  const offsets: PlannedOffset[] = [];
  const remarks = new Remarks();
  for (const { group, partitions } of wanted) {
    for (const { topic, partition, target } of partitions) {
      const key = partitionKey(topic, partition);
      const facts = { topic, partition, log: ranges.get(key)!, committed: committed.get(group)?.get(key) ?? null };
      const planned = planPartition(group, target, { ...facts, atTime: times.offsets.get(key) ?? null });
      if ("problem" in planned) remarks.add("problem", group, planned.problem, facts);
      else offsets.push(planned.offset);
      if ("note" in planned && planned.note !== undefined) remarks.add("note", group, noteTexts[planned.note], facts);
    }
  }
  return { offsets, notes: remarks.lines("note"), problems: [...problems, ...remarks.lines("problem")] };
}

interface Resettable {
  readonly allowed: readonly string[];
  readonly problems: readonly string[];
}

/** Only groups without members keep what is committed for them from outside. */
async function resettable(admin: Admin, groupIds: readonly string[], { create }: PlanOptions): Promise<Resettable> {
  const tolerated = create ? "GROUP_ID_NOT_FOUND" : undefined;
  const { results, failures } = await partial<GroupDescription>(admin.describeGroups(groupIds), tolerated);
  const busy = results.filter(({ state, members }) => members.length > 0 || !["Empty", "Dead"].includes(state));
  const barred = new Set([
    ...busy.map(({ groupId }) => groupId),
    ...failures.map(({ item }) => (item as { groupId: string }).groupId),
  ]);
  return {
    allowed: groupIds.filter((groupId) => !barred.has(groupId)),
    problems: [
      ...failures.map(({ item, error }) => problemOf((item as { groupId: string }).groupId, error)),
      ...busy.map(({ groupId, state, members }) => {
        const who = `${members.length} ${members.length === 1 ? "member" : "members"}`;
        return `group ${groupId} is ${state} with ${who}: its offsets can be reset when it has none (stop them first)`;
      }),
    ],
  };
}

function problemOf(groupId: string, { code, message }: Failure["error"]): string {
  if (code !== "GROUP_ID_NOT_FOUND") return message;
  // The broker knows it, but as a share group or another kind.
  if (/ is not a \w+ group/.test(message)) return `group ${groupId} is not a group of consumers`;
  return `group ${groupId} does not exist (groups reset-offsets --create would make it)`;
}

interface KnownPartitions {
  readonly partitionsOf: (topic: string) => readonly number[];
  readonly failures: readonly Failure[];
}

/** Of the topics that are named without partitions. */
async function knownPartitions(admin: Admin, request: ResetRequest): Promise<KnownPartitions> {
  const named = request.kind === "rule" && request.scope.kind === "topics" ? request.scope.topics : [];
  const whole = named.filter(({ partitions }) => partitions === "all").map(({ topic }) => topic);
  if (whole.length === 0) return { partitionsOf: () => [], failures: [] };
  const { results, failures } = await partial<TopicDescription>(admin.describeTopics(whole));
  const known = new Map(results.map(({ topic, partitions }) => [topic, partitions.map(({ partition }) => partition)]));
  return { partitionsOf: (topic) => known.get(topic) ?? [], failures };
}

function wantedOf(
  group: string,
  request: ResetRequest,
  committed: readonly TopicPartition[],
  partitionsOf: (topic: string) => readonly number[],
): Wanted[] {
  if (request.kind === "rows") {
    // Of several rows for one partition the last one counts, as when they were carried out one by one.
    const rows = request.rowsOf(group).map(({ topic, partition, offset }): [string, Wanted] => {
      return [partitionKey(topic, partition), { topic, partition, target: { kind: "offset", offset } }];
    });
    return [...new Map(rows).values()].sort(byTopicAndPartition);
  }
  const { scope, target } = request;
  const partitions =
    scope.kind === "committed"
      ? committed.filter(({ topic }) => scope.isWanted(topic))
      : scope.topics.flatMap(({ topic, partitions: chosen }) => {
          return (chosen === "all" ? partitionsOf(topic) : chosen).map((partition) => ({ topic, partition }));
        });
  return [...partitions].sort(byTopicAndPartition).map(({ topic, partition }) => ({ topic, partition, target }));
}

function distinct(partitions: readonly TopicPartition[]): TopicPartition[] {
  const byKey = partitions.map(
    ({ topic, partition }) => [partitionKey(topic, partition), { topic, partition }] as const,
  );
  return [...new Map(byKey).values()];
}

/** For those with a time as their target: all have the same. */
async function offsetsAtTime(admin: Admin, wanted: readonly Wanted[]) {
  const target = wanted.find((each) => each.target.kind === "time")?.target;
  if (target?.kind !== "time") return { offsets: new Map<string, number>(), failures: [] };
  const queries = distinct(wanted).map((each) => ({ ...each, at: target.timestampMs }));
  const { results, failures } = await partial<ListedOffset>(admin.listOffsets(queries));
  const found = results.filter(({ offset }) => offset >= 0);
  const offsets = new Map(found.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
  return { offsets, failures };
}

interface Remark {
  readonly kind: "note" | "problem";
  readonly group: string;
  readonly text: string;
  readonly partitions: TopicPartition[];
}

/** One line for all partitions of a group that the same is to be said of. */
class Remarks {
  readonly #remarks = new Map<string, Remark>();

  add(kind: Remark["kind"], group: string, text: string, { topic, partition }: TopicPartition): void {
    const key = JSON.stringify([kind, group, text]);
    const remark = this.#remarks.get(key) ?? { kind, group, text, partitions: [] };
    remark.partitions.push({ topic, partition });
    this.#remarks.set(key, remark);
  }

  lines(wanted: Remark["kind"]): string[] {
    const those = [...this.#remarks.values()].filter(({ kind }) => kind === wanted);
    return those.map(({ group, text, partitions }) => `group ${group}, ${partitionList(partitions)}: ${text}`);
  }
}
