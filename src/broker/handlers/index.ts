/**
 * Which APIs are served, and by whom. ApiVersions is answered from this table: an API that is not here is not
 * advertised, and a request for it closes the connection (rule 58).
 *
 * One file per API, named as its schema's file (`join-group.ts`), exporting one handler named after the API:
 * `export const joinGroup: Handler<typeof JoinGroup> = (request, context) => …`
 */

import { AddOffsetsToTxn } from "../../protocol/apis/add-offsets-to-txn.ts";
import { AddPartitionsToTxn } from "../../protocol/apis/add-partitions-to-txn.ts";
import { AlterConfigs } from "../../protocol/apis/alter-configs.ts";
import { ApiVersions } from "../../protocol/apis/api-versions.ts";
import { ConsumerGroupDescribe } from "../../protocol/apis/consumer-group-describe.ts";
import { CreatePartitions } from "../../protocol/apis/create-partitions.ts";
import { CreateTopics } from "../../protocol/apis/create-topics.ts";
import { DeleteGroups } from "../../protocol/apis/delete-groups.ts";
import { DeleteRecords } from "../../protocol/apis/delete-records.ts";
import { DeleteTopics } from "../../protocol/apis/delete-topics.ts";
import { DescribeAcls } from "../../protocol/apis/describe-acls.ts";
import { DescribeClientQuotas } from "../../protocol/apis/describe-client-quotas.ts";
import { DescribeCluster } from "../../protocol/apis/describe-cluster.ts";
import { DescribeConfigs } from "../../protocol/apis/describe-configs.ts";
import { DescribeGroups } from "../../protocol/apis/describe-groups.ts";
import { DescribeLogDirs } from "../../protocol/apis/describe-log-dirs.ts";
import { DescribeProducers } from "../../protocol/apis/describe-producers.ts";
import { DescribeTopicPartitions } from "../../protocol/apis/describe-topic-partitions.ts";
import { DescribeTransactions } from "../../protocol/apis/describe-transactions.ts";
import { EndTxn } from "../../protocol/apis/end-txn.ts";
import { Fetch } from "../../protocol/apis/fetch.ts";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { Heartbeat } from "../../protocol/apis/heartbeat.ts";
import { IncrementalAlterConfigs } from "../../protocol/apis/incremental-alter-configs.ts";
import { InitProducerId } from "../../protocol/apis/init-producer-id.ts";
import { JoinGroup } from "../../protocol/apis/join-group.ts";
import { LeaveGroup } from "../../protocol/apis/leave-group.ts";
import { ListConfigResources } from "../../protocol/apis/list-config-resources.ts";
import { ListGroups } from "../../protocol/apis/list-groups.ts";
import { ListOffsets } from "../../protocol/apis/list-offsets.ts";
import { ListPartitionReassignments } from "../../protocol/apis/list-partition-reassignments.ts";
import { ListTransactions } from "../../protocol/apis/list-transactions.ts";
import { Metadata } from "../../protocol/apis/metadata.ts";
import { OffsetCommit } from "../../protocol/apis/offset-commit.ts";
import { OffsetDelete } from "../../protocol/apis/offset-delete.ts";
import { OffsetFetch } from "../../protocol/apis/offset-fetch.ts";
import { OffsetForLeaderEpoch } from "../../protocol/apis/offset-for-leader-epoch.ts";
import { Produce } from "../../protocol/apis/produce.ts";
import { SyncGroup } from "../../protocol/apis/sync-group.ts";
import { TxnOffsetCommit } from "../../protocol/apis/txn-offset-commit.ts";
import { WriteTxnMarkers } from "../../protocol/apis/write-txn-markers.ts";
import type { Api } from "../../protocol/schema.ts";
import type { Handler } from "../context.ts";
import { addOffsetsToTxn } from "./add-offsets-to-txn.ts";
import { addPartitionsToTxn } from "./add-partitions-to-txn.ts";
import { alterConfigs } from "./alter-configs.ts";
import { apiVersionsOf } from "./api-versions.ts";
import { consumerGroupDescribe } from "./consumer-group-describe.ts";
import { createPartitions } from "./create-partitions.ts";
import { createTopics } from "./create-topics.ts";
import { deleteGroups } from "./delete-groups.ts";
import { deleteRecords } from "./delete-records.ts";
import { deleteTopics } from "./delete-topics.ts";
import { describeAcls } from "./describe-acls.ts";
import { describeClientQuotas } from "./describe-client-quotas.ts";
import { describeCluster } from "./describe-cluster.ts";
import { describeConfigs } from "./describe-configs.ts";
import { describeGroups } from "./describe-groups.ts";
import { describeLogDirs } from "./describe-log-dirs.ts";
import { describeProducers } from "./describe-producers.ts";
import { describeTopicPartitions } from "./describe-topic-partitions.ts";
import { describeTransactions } from "./describe-transactions.ts";
import { endTxn } from "./end-txn.ts";
import { fetch } from "./fetch.ts";
import { findCoordinator } from "./find-coordinator.ts";
import { heartbeat } from "./heartbeat.ts";
import { incrementalAlterConfigs } from "./incremental-alter-configs.ts";
import { initProducerId } from "./init-producer-id.ts";
import { joinGroup } from "./join-group.ts";
import { leaveGroup } from "./leave-group.ts";
import { listConfigResources } from "./list-config-resources.ts";
import { listGroups } from "./list-groups.ts";
import { listOffsets } from "./list-offsets.ts";
import { listPartitionReassignments } from "./list-partition-reassignments.ts";
import { listTransactions } from "./list-transactions.ts";
import { metadata } from "./metadata.ts";
import { offsetCommit } from "./offset-commit.ts";
import { offsetDelete } from "./offset-delete.ts";
import { offsetFetch } from "./offset-fetch.ts";
import { offsetForLeaderEpoch } from "./offset-for-leader-epoch.ts";
import { produce } from "./produce.ts";
import { syncGroup } from "./sync-group.ts";
import { txnOffsetCommit } from "./txn-offset-commit.ts";
import { writeTxnMarkers } from "./write-txn-markers.ts";

/** An API as it is served: its schema with the handler that answers it. */
export interface ServedApi {
  readonly api: Api;
  readonly handle: Handler<Api>;
}

function serve<A extends Api>(api: A, handle: Handler<A>): ServedApi {
  return { api, handle: handle as Handler<Api> };
}

export const servedApis: ReadonlyMap<number, ServedApi> = new Map(
  [
    serve(
      ApiVersions,
      apiVersionsOf(() => servedApis),
    ),
    serve(AddOffsetsToTxn, addOffsetsToTxn),
    serve(AddPartitionsToTxn, addPartitionsToTxn),
    serve(ConsumerGroupDescribe, consumerGroupDescribe),
    serve(CreateTopics, createTopics),
    serve(DeleteGroups, deleteGroups),
    serve(DeleteRecords, deleteRecords),
    serve(DescribeGroups, describeGroups),
    serve(DescribeProducers, describeProducers),
    serve(DescribeTransactions, describeTransactions),
    serve(EndTxn, endTxn),
    serve(Fetch, fetch),
    serve(FindCoordinator, findCoordinator),
    serve(Heartbeat, heartbeat),
    serve(InitProducerId, initProducerId),
    serve(JoinGroup, joinGroup),
    serve(LeaveGroup, leaveGroup),
    serve(ListGroups, listGroups),
    serve(ListOffsets, listOffsets),
    serve(ListTransactions, listTransactions),
    serve(Metadata, metadata),
    serve(OffsetCommit, offsetCommit),
    serve(OffsetDelete, offsetDelete),
    serve(OffsetFetch, offsetFetch),
    serve(OffsetForLeaderEpoch, offsetForLeaderEpoch),
    serve(Produce, produce),
    serve(SyncGroup, syncGroup),
    serve(WriteTxnMarkers, writeTxnMarkers),
    serve(TxnOffsetCommit, txnOffsetCommit),
    serve(AlterConfigs, alterConfigs),
    serve(CreatePartitions, createPartitions),
    serve(DeleteTopics, deleteTopics),
    serve(DescribeAcls, describeAcls),
    serve(DescribeClientQuotas, describeClientQuotas),
    serve(DescribeCluster, describeCluster),
    serve(DescribeConfigs, describeConfigs),
    serve(DescribeLogDirs, describeLogDirs),
    serve(DescribeTopicPartitions, describeTopicPartitions),
    serve(IncrementalAlterConfigs, incrementalAlterConfigs),
    serve(ListConfigResources, listConfigResources),
    serve(ListPartitionReassignments, listPartitionReassignments),
  ].map((served) => [served.api.key, served]),
);
