import type { ReplyToken, TransactionMarker } from "../../coordinator/machine.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { GroupContext, Shard } from "../shard.ts";

/**
 * A transaction's marker arrives: the offsets that it left pending count now, or never did (rule 41). A marker is
 * written even where nothing is pending, since its producer may have been told that something is.
 */
export function endTransaction(
  _shard: Shard,
  marker: TransactionMarker,
  token: ReplyToken,
  context: GroupContext,
): void {
  const admission = context.endTransaction(marker);
  context.reply(token, admission.ok ? ErrorCode.NONE : admission.errorCode);
}
