import { appendError } from "../../group/append-error.ts";
import type { GroupRequests } from "../../group/requests.ts";
import type { Verification } from "../../log/log.ts";
import type { TxnOffsetCommit, TxnOffsetCommitRequest } from "../../protocol/apis/txn-offset-commit.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler, Outcome, RequestContext } from "../context.ts";
import { askGroup } from "../groups.ts";
import { joinTopics, splitTopics } from "../known-topics.ts";
import { verifiedError } from "../verified-error.ts";

type Topics = TxnOffsetCommitRequest["topics"];
type Committed = Outcome<GroupRequests["TxnOffsetCommit"]["reply"]>;

/** What is not there is refused before anybody is asked about the rest (rule 36): the transaction, then the group. */
export const txnOffsetCommit: Handler<typeof TxnOffsetCommit> = async (request, context) => {
  const { known, unknown } = splitTopics(request.topics, false, context.broker.metadata);
  const outcome: Committed =
    known.length === 0 ? { ok: true, reply: { topics: [] } } : await commit({ ...request, topics: known }, context);
  const answered = outcome.ok ? outcome.reply.topics : refuse(known, toldTo(context.version, outcome.errorCode));
  const topics = joinTopics(unknown, answered, false);
  return { topics: topics.map(({ name = "", partitions }) => ({ name, partitions })) };
};

async function commit(request: TxnOffsetCommitRequest, context: RequestContext): Promise<Committed> {
  if (request.groupId === "") return { ok: false, errorCode: ErrorCode.INVALID_GROUP_ID };
  const verified = await verify(request, context);
  if (!verified.ok) return { ok: false, errorCode: appendError(verified.errorCode) };
  return askGroup("TxnOffsetCommit", request.groupId, { ...request, verification: verified.reply }, context);
}

/** Is the group's partition part of the transaction? From version 5 on it becomes so by this (rule 41, KIP-890). */
async function verify(
  { transactionalId, groupId, producerId, producerEpoch }: TxnOffsetCommitRequest,
  { broker, version }: RequestContext,
): Promise<Outcome<Verification | undefined>> {
  const name = "__consumer_offsets";
  const partition = broker.groupPartition(groupId);
  const led = broker.partition(name, partition);
  if (!led.ok) return led;
  const adds = version >= 5;
  const start = { producerId, producerEpoch, baseSequence: -1 };
  const asked = led.partition.log.startVerification(start, adds, broker.clock.now().wallMs);
  if (asked.kind === "refused") return { ok: false, errorCode: asked.verdict.errorCode };
  if (asked.kind === "ongoing") return { ok: true, reply: undefined };
  const verdictOf = await broker.transactions.admit({
    transactionalId,
    producerId,
    producerEpoch,
    topics: [{ name, partitions: [partition] }],
    mode: adds ? "add" : "verify",
  });
  const errorCode = verifiedError(verdictOf(name, partition), version >= 4);
  return errorCode === ErrorCode.NONE ? { ok: true, reply: asked.verification } : { ok: false, errorCode };
}

/** Clients before version 2 do not know of a coordinator that loads. */
function toldTo(version: number, errorCode: ErrorCode): ErrorCode {
  const isUnknown = version < 2 && errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
  return isUnknown ? ErrorCode.COORDINATOR_NOT_AVAILABLE : errorCode;
}

function refuse(topics: Topics, errorCode: ErrorCode) {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }));
}
