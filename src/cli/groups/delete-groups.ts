/** Deletes groups of consumers, and no others: brokers would also delete a share group by that name. */
import type { Admin } from "../../client/admin/admin.ts";
import type { GroupDescription } from "../../client/admin/groups.ts";
import { brokerError } from "../../client/errors.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { type Failure, partial } from "../partial.ts";

export interface DeletedGroups {
  readonly deleted: readonly string[];
  /** Each item is `{ groupId }`. */
  readonly failures: readonly Failure[];
}

export interface DeleteGroupsOptions {
  /** Only says which would be deleted. */
  readonly dryRun: boolean;
  readonly toleratedCode?: string | undefined;
}

export async function deleteGroups(
  admin: Admin,
  groupIds: readonly string[],
  { dryRun, toleratedCode }: DeleteGroupsOptions,
): Promise<DeletedGroups> {
  const { results, failures } = await partial<GroupDescription>(admin.describeGroups(groupIds), toleratedCode);
  const groups = results.map(({ groupId }) => groupId);
  const refused = dryRun
    ? results.filter(({ members }) => members.length > 0).map(({ groupId }) => notEmpty(groupId))
    : (await partial(admin.deleteGroups(groups).then(() => []))).failures;
  const kept = new Set(refused.map(({ item }) => (item as { groupId: string }).groupId));
  return { deleted: groups.filter((group) => !kept.has(group)), failures: [...failures, ...refused] };
}

/** What the broker would say. */
function notEmpty(groupId: string): Failure {
  return { item: { groupId }, error: brokerError(ErrorCode.NON_EMPTY_GROUP, `delete group ${groupId}`) };
}
