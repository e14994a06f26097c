import type { DescribeAcls } from "../../protocol/apis/describe-acls.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";

/** As a Kafka without an authorizer says it. */
export const describeAcls: Handler<typeof DescribeAcls> = () => ({
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: "No Authorizer is configured on the broker",
  resources: [],
});
