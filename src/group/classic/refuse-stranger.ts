import { ErrorCode } from "../../protocol/errors.ts";
import type { ClassicGroup } from "./classic-group.ts";

/** Whether the request may speak for this member (rule 19): instance id first, then member id. */
export function refuseStranger(
  group: ClassicGroup | undefined,
  memberId: string,
  groupInstanceId: string | null,
): ErrorCode {
  if (group === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  if (groupInstanceId !== null) {
    const current = group.staticMembers.get(groupInstanceId);
    if (current === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    if (current.memberId !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
  }
  return group.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
}
