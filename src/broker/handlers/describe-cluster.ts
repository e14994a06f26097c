import type { DescribeCluster } from "../../protocol/apis/describe-cluster.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { clusterOperations, operationsNotAsked } from "../authorized-operations.ts";
import type { Handler } from "../context.ts";

const brokerEndpoints = 1;
const controllerEndpoints = 2;

export const describeCluster: Handler<typeof DescribeCluster> = (request, { broker, connection }) => {
  const { nodeId, clusterId, config } = broker;
  if (request.endpointType !== brokerEndpoints) {
    const isOther = request.endpointType === controllerEndpoints;
    return {
      errorCode: isOther ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
      errorMessage: isOther
        ? "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
        : `Unsupported endpoint type ${request.endpointType}`,
      clusterId: "",
      brokers: [],
    };
  }
  return {
    errorCode: ErrorCode.NONE,
    clusterId,
    controllerId: nodeId,
    brokers: [{ brokerId: nodeId, ...broker.endpoint(connection.listener), rack: config.get("broker.rack") }],
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
  };
};
