import type { ListedGroup } from "../../group/requests.ts";
import type { ListGroups } from "../../protocol/apis/list-groups.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";
import { askShard } from "../groups.ts";

/** Asks every shard (rule 43). One that loads makes the whole answer an error, so that no group is thought gone. */
export const listGroups: Handler<typeof ListGroups> = async (request, context) => {
  const shards = context.broker.metadata.topic("__consumer_offsets")?.partitions ?? [];
  const outcomes = await Promise.all(
    shards.map(({ partition }) => askShard("ListGroups", partition, request, context)),
  );
  const groups: ListedGroup[][] = [];
  for (const outcome of outcomes) {
    if (outcome.ok) groups.push([...outcome.reply]);
    else if (outcome.errorCode !== ErrorCode.NOT_COORDINATOR) return { errorCode: outcome.errorCode, groups: [] };
  }
  return { errorCode: ErrorCode.NONE, groups: groups.flat() };
};
