/** Who is in the cluster. */
import { DescribeCluster } from "../../protocol/apis/describe-cluster.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { BrokerNode, Cluster } from "../cluster.ts";
import { brokerError, UnsupportedVersionError } from "../errors.ts";
import { type AdminOptions, retrying } from "./attempts.ts";

/** The cluster as the broker that was asked sees it. */
export interface ClusterDescription {
  readonly clusterId: string | null;
  /** Undefined while there is none. */
  readonly controller: BrokerNode | undefined;
  /** By node id. */
  readonly brokers: readonly BrokerNode[];
}

/** KIP-700; brokers before Kafka 2.8 tell the same by Metadata. */
export function describeCluster(cluster: Cluster, options: AdminOptions): Promise<ClusterDescription> {
  return retrying(cluster, options, async (attempt) => {
    try {
      const request = { includeClusterAuthorizedOperations: false };
      const answer = await cluster.send("any", DescribeCluster, request, attempt);
      if (answer.errorCode !== ErrorCode.NONE) {
        throw brokerError(answer.errorCode, "describe cluster", answer.errorMessage);
      }
      const brokers = answer.brokers.map(({ brokerId, host, port, rack }) => ({ nodeId: brokerId, host, port, rack }));
      return description(answer.clusterId, answer.controllerId, brokers);
    } catch (error) {
      if (!(error instanceof UnsupportedVersionError)) throw error;
      const { clusterId, controllerId, brokers } = await cluster.metadata([], attempt);
      return description(clusterId, controllerId, [...brokers.values()]);
    }
  });
}

function description(clusterId: string | null, controllerId: number, brokers: BrokerNode[]): ClusterDescription {
  const controller = brokers.find(({ nodeId }) => nodeId === controllerId);
  return { clusterId, controller, brokers: brokers.toSorted((a, b) => a.nodeId - b.nodeId) };
}
