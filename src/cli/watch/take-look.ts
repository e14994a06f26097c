/** Takes a look at a group: what its coordinator says, what it has committed, and where the logs end. */
import type { Admin } from "../../client/admin/admin.ts";
import type { GroupDescription } from "../../client/admin/groups.ts";
import type { CommittedOffset, ListedOffset } from "../../client/admin/offsets.ts";
import { isClientError } from "../report-error.ts";
import { comparePartitions, type Look, type LookPartition, partitionName } from "./look.ts";

interface LookOptions {
  readonly timeoutMs: number;
}

/** @throws {KafkaError} when the coordinator does not answer. A group that does not exist is Dead. */
export async function takeLook(admin: Admin, group: string, options: LookOptions): Promise<Look> {
  const description = await describe(admin, group, options);
  const committed = await admin.listGroupOffsets(group, options);
  const members = (description?.members ?? []).map(({ memberId, groupInstanceId, clientId, clientHost, ...rest }) => ({
    memberId,
    groupInstanceId,
    clientId,
    host: clientHost.replace(/^\//, ""),
    topics: rest.subscribedTopics,
    assignment: rest.assignment.map(({ topic, partition }) => partitionName(topic, partition)),
  }));
  const topics = new Set([
    ...members.flatMap((member) => member.topics),
    ...(description?.members ?? []).flatMap(({ assignment }) => assignment.map(({ topic }) => topic)),
    ...committed.map(({ topic }) => topic),
  ]);
  const partitions = await partitionsOf(admin, [...topics], committed, options);
  return {
    atMs: Date.now(),
    state: description?.state ?? "Dead",
    type: description?.type ?? "classic",
    epoch: description?.epochs?.group ?? null,
    assignor: description?.assignor ?? "",
    coordinator: description?.coordinator.nodeId ?? -1,
    members,
    partitions,
    ...(description?.rebalances === undefined ? {} : { told: description.rebalances }),
  };
}

async function describe(admin: Admin, group: string, options: LookOptions): Promise<GroupDescription | undefined> {
  try {
    const [description] = await admin.describeGroups([group], { ...options, includeRebalances: true });
    return description;
  } catch (error) {
    if (isClientError(error) && error.code === "GROUP_ID_NOT_FOUND") return undefined;
    throw error;
  }
}

async function partitionsOf(
  admin: Admin,
  topics: readonly string[],
  committed: readonly CommittedOffset[],
  options: LookOptions,
): Promise<LookPartition[]> {
  const described = await whatSucceeds(admin.describeTopics(topics, options));
  const all = described.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition })));
  const queries = all.map((each) => ({ ...each, at: "latest" as const }));
  const ends = await whatSucceeds<ListedOffset>(admin.listOffsets(queries, options));
  const endOf = new Map(ends.map(({ topic, partition, offset }) => [partitionName(topic, partition), offset]));
  const offsetOf = new Map(committed.map(({ topic, partition, offset }) => [partitionName(topic, partition), offset]));
  return all
    .map(({ topic, partition }) => {
      const name = partitionName(topic, partition);
      return { name, topic, committed: offsetOf.get(name), logEnd: endOf.get(name) };
    })
    .sort((a, b) => comparePartitions(a.name, b.name));
}

/** Topics may just have been deleted, leaders may be gone: the rest of the look stands. */
async function whatSucceeds<T>(call: Promise<T[]>): Promise<T[]> {
  try {
    return await call;
  } catch (error) {
    if (isClientError(error) && "results" in error) return error.results as T[];
    throw error;
  }
}
