import type { ListPartitionReassignments } from "../../protocol/apis/list-partition-reassignments.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";

/** A broker that is alone moves no replicas, so there is never one under way. */
export const listPartitionReassignments: Handler<typeof ListPartitionReassignments> = () => ({
  errorCode: ErrorCode.NONE,
  errorMessage: null,
  topics: [],
});
