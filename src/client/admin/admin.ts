/** Topics, configurations, groups, offsets and transactions from a program. */
import type { Cluster, TopicDescription } from "../cluster.ts";
import { commonAttributes } from "../metrics/client-metrics.ts";
import type { Metric } from "../metrics/metric.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { AdminOptions } from "./attempts.ts";
import * as configs from "./configs.ts";
import { type ClusterDescription, describeCluster } from "./describe-cluster.ts";
import * as groups from "./groups.ts";
import * as offsets from "./offsets.ts";
import * as topics from "./topics.ts";
import * as transactions from "./transactions.ts";

/**
 * Made by `kafka.admin()`. Calls on several items do all that can be done; when items failed they reject with
 * `ItemsError`, whose `failures` name each with an error of its own and whose `results` are those of the others. What
 * passes by itself (NOT_COORDINATOR, a leader's election, a broken connection) is tried again until the call's
 * `timeoutMs`, default.api.timeout.ms unless given. All calls may also reject with `AuthenticationError`,
 * `UnsupportedVersionError`, `ClosedError`, and with the reason of their `signal`.
 */
export class Admin implements AsyncDisposable {
  readonly #cluster: Cluster;

  /** @param cluster is closed with the admin. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * @returns the topics in the order asked for.
   * @throws {ItemsError} TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS,
   * INVALID_REPLICATION_FACTOR, INVALID_CONFIG, POLICY_VIOLATION, …
   */
  createTopics(newTopics: readonly topics.NewTopic[], options: topics.ValidateOptions = {}) {
    return topics.createTopics(this.#cluster, newTopics, options);
  }

  /** @throws {ItemsError} UNKNOWN_TOPIC_OR_PARTITION, TOPIC_DELETION_DISABLED, … */
  deleteTopics(names: readonly string[], options: AdminOptions = {}): Promise<void> {
    return topics.deleteTopics(this.#cluster, names, options);
  }

  /** @returns all topics, internal ones too, by name. */
  listTopics(options: AdminOptions = {}): Promise<TopicDescription[]> {
    return topics.listTopics(this.#cluster, options);
  }

  /** @returns the topics in the order asked for. @throws {ItemsError} UNKNOWN_TOPIC_OR_PARTITION, … */
  describeTopics(names: readonly string[], options: AdminOptions = {}): Promise<TopicDescription[]> {
    return topics.describeTopics(this.#cluster, names, options);
  }

  /** Adds partitions; there is no way to take them away. @throws {ItemsError} INVALID_PARTITIONS, … */
  createPartitions(wanted: readonly topics.NewPartitions[], options: topics.ValidateOptions = {}): Promise<void> {
    return topics.createPartitions(this.#cluster, wanted, options);
  }

  /** @returns the partitions' first offsets now. @throws {ItemsError} OFFSET_OUT_OF_RANGE, POLICY_VIOLATION, … */
  deleteRecords(before: readonly topics.RecordsBefore[], options: AdminOptions = {}) {
    return topics.deleteRecords(this.#cluster, before, options);
  }

  /** @returns every key with its value and where it comes from, by name. */
  describeConfigs(resources: readonly configs.ConfigQuery[], options: configs.DescribeConfigsOptions = {}) {
    return configs.describeConfigs(this.#cluster, resources, options);
  }

  /** Changes the keys named and no others. @throws {ItemsError} INVALID_CONFIG, POLICY_VIOLATION, … */
  alterConfigs(changes: readonly configs.ConfigChange[], options: topics.ValidateOptions = {}): Promise<void> {
    return configs.alterConfigs(this.#cluster, changes, options);
  }

  /** @returns the groups of all brokers, by id. @throws {ItemsError} whose items are brokers that do not answer. */
  listGroups(options: groups.ListGroupsOptions = {}): Promise<groups.GroupListing[]> {
    return groups.listGroups(this.#cluster, options);
  }

  /** Classic groups and those of KIP-848. @throws {ItemsError} GROUP_ID_NOT_FOUND, GROUP_AUTHORIZATION_FAILED, … */
  describeGroups(groupIds: readonly string[], options: groups.DescribeGroupsOptions = {}) {
    return groups.describeGroups(this.#cluster, groupIds, options);
  }

  /** With their offsets. @throws {ItemsError} NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND, … */
  deleteGroups(groupIds: readonly string[], options: AdminOptions = {}): Promise<void> {
    return groups.deleteGroups(this.#cluster, groupIds, options);
  }

  /** The group rebalances; a member that still runs joins again. @throws {ItemsError} UNKNOWN_MEMBER_ID, … */
  removeMembers(
    groupId: string,
    members: readonly groups.MemberToRemove[] | "all",
    options: groups.RemoveMembersOptions = {},
  ): Promise<void> {
    return groups.removeMembers(this.#cluster, groupId, members, options);
  }

  /**
   * The partitions' own offsets: the first, the one after the last, or by time.
   * @throws {ItemsError} UNKNOWN_TOPIC_OR_PARTITION, …
   */
  listOffsets(queries: readonly offsets.OffsetQuery[], options: offsets.ListOffsetsOptions = {}) {
    return offsets.listOffsets(this.#cluster, queries, options);
  }

  /**
   * What the group has committed; partitions without a committed offset are left out, and so an unknown group has none.
   * @throws {BrokerError} GROUP_AUTHORIZATION_FAILED, …
   */
  listGroupOffsets(groupId: string, options: offsets.ListGroupOffsetsOptions = {}): Promise<offsets.CommittedOffset[]> {
    return offsets.listGroupOffsets(this.#cluster, groupId, options);
  }

  /**
   * Commits for a group that has no members; a group that does not exist is made.
   * @throws {ItemsError} UNKNOWN_MEMBER_ID while it has members, OFFSET_METADATA_TOO_LARGE, …
   */
  alterGroupOffsets(groupId: string, to: readonly offsets.NewOffset[], options: AdminOptions = {}): Promise<void> {
    return offsets.alterGroupOffsets(this.#cluster, groupId, to, options);
  }

  /** @throws {ItemsError} GROUP_SUBSCRIBED_TO_TOPIC while a member reads the topic, GROUP_ID_NOT_FOUND, … */
  deleteGroupOffsets(groupId: string, of: readonly TopicPartition[], options: AdminOptions = {}): Promise<void> {
    return offsets.deleteGroupOffsets(this.#cluster, groupId, of, options);
  }

  /** @returns the transactional ids of all brokers, by name, with the states of their transactions (KIP-664). */
  listTransactions(options: transactions.ListTransactionsOptions = {}): Promise<transactions.TransactionListing[]> {
    return transactions.listTransactions(this.#cluster, options);
  }

  /** @throws {ItemsError} TRANSACTIONAL_ID_NOT_FOUND, TRANSACTIONAL_ID_AUTHORIZATION_FAILED, … */
  describeTransactions(
    transactionalIds: readonly string[],
    options: AdminOptions = {},
  ): Promise<transactions.TransactionDescription[]> {
    return transactions.describeTransactions(this.#cluster, transactionalIds, options);
  }

  /**
   * The producers that partitions remember, idempotent ones too, and where their open transactions begin.
   * @throws {ItemsError} UNKNOWN_TOPIC_OR_PARTITION, TOPIC_AUTHORIZATION_FAILED, …
   */
  describeProducers(partitions: readonly TopicPartition[], options: transactions.DescribeProducersOptions = {}) {
    return transactions.describeProducers(this.#cluster, partitions, options);
  }

  /**
   * Ends a transaction in one partition that hangs there: its coordinator no longer knows of it, and consumers with
   * read_committed stand still. One that the coordinator knows of ends by itself, or by `fenceProducers`.
   * @throws {ItemsError} INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED, CLUSTER_AUTHORIZATION_FAILED, …
   */
  abortTransaction(transaction: transactions.TransactionToAbort, options: AdminOptions = {}): Promise<void> {
    return transactions.abortTransaction(this.#cluster, transaction, options);
  }

  /**
   * Aborts the open transactions of these ids, and fences their producers for good.
   * @throws {ItemsError} TRANSACTIONAL_ID_AUTHORIZATION_FAILED, …
   */
  fenceProducers(transactionalIds: readonly string[], options: AdminOptions = {}) {
    return transactions.fenceProducers(this.#cluster, transactionalIds, options);
  }

  /** Who the brokers are, and which one is the controller (KIP-700). */
  describeCluster(options: AdminOptions = {}): Promise<ClusterDescription> {
    return describeCluster(this.#cluster, options);
  }

  /** As of now; docs/observability.md tells each. */
  metrics(): Metric[] {
    return this.#cluster.metrics.snapshot("admin", commonAttributes(this.#cluster.config.clientId));
  }

  /** Calls that are under way reject with `ClosedError`. */
  close(): Promise<void> {
    return this.#cluster.close();
  }

  /** For `await using`: closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
