/**
 * The way of a request to the shard that holds its group (rule 1).
 */
import type { MaybePromise } from "../coordinator/shard.ts";
import type { GroupRequests } from "../group/requests.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Outcome, RequestContext } from "./context.ts";

type Ask<K extends keyof GroupRequests> = GroupRequests[K]["request"] extends { readonly body: infer Body }
  ? Body
  : never;
type Reply<K extends keyof GroupRequests> = GroupRequests[K]["reply"];

/** Rule 3: these take no empty group id, whether there is a coordinator or not. */
const needsGroupId: ReadonlySet<string> = new Set([
  "JoinGroup",
  "SyncGroup",
  "Heartbeat",
  "LeaveGroup",
  "OffsetDelete",
]);

/** Has the coordinator of a group decide. `body` is the wire request, or the part of it that is about this group. */
export function askGroup<K extends keyof GroupRequests>(
  type: K,
  groupId: string,
  body: Ask<K>,
  context: RequestContext,
): MaybePromise<Outcome<Reply<K>>> {
  if (groupId === "" && needsGroupId.has(type)) {
    return { ok: false, errorCode: ErrorCode.INVALID_GROUP_ID };
  }
  return askShard(type, context.broker.groupPartition(groupId), body, context);
}

/** The same for a request about all groups of a shard. */
export function askShard<K extends keyof GroupRequests>(
  type: K,
  partition: number,
  body: Ask<K>,
  { broker, version, clientId, connection }: RequestContext,
): MaybePromise<Outcome<Reply<K>>> {
  const clientHost = `/${connection.clientHost}`;
  const request = { version, clientId, clientHost, body } as GroupRequests[K]["request"];
  return broker.groups.submit(partition, type, request);
}

/** The answer from what the coordinator decided; a promise only where it decides later, which many requests spare. */
export function answerFrom<T, A>(decided: MaybePromise<T>, answer: (outcome: T) => A): MaybePromise<A> {
  return decided instanceof Promise ? decided.then(answer) : answer(decided);
}
