/** Which partitions `regroup consume` reads without a group, from where, and where their ends are now. */
import type { Admin } from "../../client/admin/admin.ts";
import type { ListOffsetsOptions } from "../../client/admin/offsets.ts";
import { partitionKey, type TopicPartition } from "../../client/topic-partition.ts";
import { UsageError } from "../errors.ts";
import { integer, largest } from "../key-values.ts";
import { say } from "../messages.ts";
import { instant } from "./instant.ts";

export interface StartFlags {
  readonly fromBeginning?: boolean;
  readonly fromOffset?: string;
  readonly fromTime?: string;
  readonly last?: string;
}

/** What to read first of each partition. */
export type Start =
  | { readonly at: "beginning" }
  | { readonly at: "end" }
  | { readonly at: "offset"; readonly offset: number }
  | { readonly at: "time"; readonly timestampMs: number }
  | { readonly at: "last"; readonly count: number };

/** @returns undefined: nothing is said. @throws {UsageError} */
export function startOf({ fromBeginning, fromOffset, fromTime, last }: StartFlags): Start | undefined {
  const given = [fromBeginning, fromOffset, fromTime, last].filter((each) => each !== undefined);
  if (given.length > 1) throw new UsageError("expected one of --from-beginning, --from-offset, --from-time, --last");
  if (fromBeginning === true) return { at: "beginning" };
  if (fromOffset !== undefined) return { at: "offset", offset: integer("--from-offset", fromOffset, 0) };
  if (fromTime !== undefined) return { at: "time", timestampMs: instant("--from-time", fromTime, Date.now()) };
  if (last !== undefined) return { at: "last", count: integer("--last", last, 1) };
  return undefined;
}

/** By `partitionKey`. */
export type Offsets = ReadonlyMap<string, number>;

/** @returns the offset that each is read from; one outside of the log is cut to it. @throws {ItemsError} */
export async function startOffsets(
  admin: Admin,
  partitions: readonly TopicPartition[],
  start: Start,
  options: ListOffsetsOptions,
): Promise<Offsets> {
  if (start.at === "beginning") return offsetsAt(admin, partitions, "earliest", options);
  const ends = await offsetsAt(admin, partitions, "latest", options);
  if (start.at === "end") return ends;
  if (start.at === "time") {
    const found = await offsetsAt(admin, partitions, start.timestampMs, options);
    return new Map([...found].map(([key, offset]) => [key, offset < 0 ? ends.get(key)! : offset])); // none is so young
  }
  const starts = await offsetsAt(admin, partitions, "earliest", options);
  return new Map(
    partitions.map((partition) => {
      const [first, end] = [starts.get(keyOf(partition))!, ends.get(keyOf(partition))!];
      const wanted = start.at === "last" ? end - start.count : start.offset;
      const offset = Math.min(Math.max(wanted, first), end);
      if (start.at === "offset" && offset !== wanted) say(cutMessage(partition, first, end, offset));
      return [keyOf(partition), offset];
    }),
  );
}

function cutMessage({ topic, partition }: TopicPartition, first: number, end: number, offset: number): string {
  return `${topic}/${partition} goes from ${first} to ${end}: read from ${offset}`;
}

/** @param options its isolation level says where the end is. @throws {ItemsError} */
export async function offsetsAt(
  admin: Admin,
  partitions: readonly TopicPartition[],
  at: "earliest" | "latest" | number,
  { isolationLevel = "read_uncommitted" }: ListOffsetsOptions,
): Promise<Offsets> {
  const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
  const listed = await admin.listOffsets(queries, { isolationLevel });
  return new Map(listed.map((each) => [keyOf(each), each.offset]));
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}

/** More than any topic has, and few enough to be held one by one. */
const mostInRange = 1_000_000;

/** "0,2,5-7". @throws {UsageError} */
export function partitionNumbers(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    const count = Number(last) - Number(first) + 1;
    if (first === undefined || count < 1 || count > mostInRange || Number(last) > largest.int32) {
      throw new UsageError(`--partition ${text}: expected numbers of partitions: 0 or 0,2 or 4-7`);
    }
    return Array.from({ length: count }, (_, index) => Number(first) + index);
  });
}
