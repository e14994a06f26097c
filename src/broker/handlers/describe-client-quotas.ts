import type { DescribeClientQuotas } from "../../protocol/apis/describe-client-quotas.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";

/** Nobody has a quota here; Kafka's config tools ask beside the configs that they show. */
export const describeClientQuotas: Handler<typeof DescribeClientQuotas> = () => ({
  errorCode: ErrorCode.NONE,
  errorMessage: "",
  entries: [],
});
