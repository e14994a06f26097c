import type { DescribeCluster } from "../../protocol/apis/describe-cluster.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { clusterOperations, operationsNotAsked } from "../authorized-operations.ts";
import type { Handler } from "../context.ts";

const brokerEndpoints = 1;

export const describeCluster: Handler<typeof DescribeCluster> = (request, { broker, connection }) => {
  const { nodeId, clusterId, config } = broker;
  if (request.endpointType !== brokerEndpoints) {
    const errorMessage =
      request.endpointType === 2
        ? "The given endpoint type is not supported yet."
        : `Unsupported endpoint type ${request.endpointType}`;
    return { errorCode: ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, errorMessage, clusterId: "", brokers: [] };
  }
  return {
    errorCode: ErrorCode.NONE,
    clusterId,
    controllerId: nodeId,
    brokers: [{ brokerId: nodeId, ...broker.endpoint(connection.listener), rack: config.get("broker.rack") }],
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
  };
};
