/** Those who tend the cluster, over the wire. */
import { CreatePartitions } from "../protocol/apis/create-partitions.ts";
import { CreateTopics } from "../protocol/apis/create-topics.ts";
import { DeleteGroups } from "../protocol/apis/delete-groups.ts";
import { DeleteTopics } from "../protocol/apis/delete-topics.ts";
import { LeaveGroup } from "../protocol/apis/leave-group.ts";
import { OffsetCommit } from "../protocol/apis/offset-commit.ts";
import { OffsetFetch } from "../protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { BrokerNode } from "./broker-node.ts";
import { ClientLink } from "./client-link.ts";
import type { Cluster } from "./cluster.ts";
import type { MemberPlan } from "./plan.ts";
import { Process } from "./process.ts";
import { newTopic } from "./topics.ts";

type Call = Parameters<ClientLink["ask"]>[2];

const timeoutMs = 10_000;
const mostPartitions = 12;

export class AdminNode {
  readonly #cluster: Cluster;
  readonly #link: ClientLink;
  /** By topic. */
  readonly partitions: Map<string, number>;
  /** Topics to which something is being done. */
  readonly #busy = new Set<string>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    const process = new Process(cluster.world, "admin", { rate: 1, wallAheadMs: 0 });
    this.#link = new ClientLink(process, cluster.network, cluster.requests);
    this.partitions = new Map(cluster.plan.topics.map(({ name, partitions }) => [name, partitions]));
  }

  /** What the group has is allowed to go from when it is asked for; whether it went, only an answer tells. */
  deleteGroup(groupId: string): void {
    const broker = this.#cluster.coordinatorOf(groupId);
    if (broker === undefined) return;
    const { mayGo } = this.#cluster.ledger;
    mayGo.set(groupId, (mayGo.get(groupId) ?? 0) + 1);
    this.#link.ask(
      broker,
      "main",
      { api: DeleteGroups, version: 2, body: { groupsNames: [groupId] }, timeoutMs },
      () => {},
    );
  }

  /** To 0, as `regroup groups reset-offsets` does. */
  resetOffset(groupId: string, name: string): void {
    const broker = this.#cluster.coordinatorOf(groupId);
    if (broker === undefined) return;
    const committedMetadata = `admin#${this.#cluster.nextCommit()}`;
    const partitions = [{ partitionIndex: 0, committedOffset: 0, committedLeaderEpoch: -1, committedMetadata }];
    const body = {
      groupId,
      generationIdOrMemberEpoch: -1,
      memberId: "",
      groupInstanceId: null,
      topics: [{ name, partitions }],
    };
    this.#link.ask(broker, "main", { api: OffsetCommit, version: 9, body, timeoutMs }, () => {});
  }

  /** All of them; what is answered is checked on the way. */
  readOffsets(groupId: string): void {
    const broker = this.#cluster.coordinatorOf(groupId);
    if (broker === undefined) return;
    const topics = [...this.partitions].map(([name, count]) => {
      return { name, partitionIndexes: Array.from({ length: count }, (_, partition) => partition) };
    });
    const body = { groups: [{ groupId, topics }], requireStable: false };
    this.#link.ask(broker, "main", { api: OffsetFetch, version: 9, body, timeoutMs }, () => {});
  }

  /** By instance id alone, or as the member itself would leave (KIP-345). */
  remove({ groupId, groupInstanceId }: MemberPlan): void {
    const broker = this.#cluster.coordinatorOf(groupId);
    if (broker === undefined || groupInstanceId === null) return;
    const body = { groupId, members: [{ memberId: "", groupInstanceId, reason: "an admin removes it" }] };
    this.#link.ask(broker, "main", { api: LeaveGroup, version: 5, body, timeoutMs }, () => {});
  }

  /** On every broker: each has metadata of its own. */
  addPartition(name: string): void {
    const count = (this.partitions.get(name) ?? mostPartitions) + 1;
    if (count > mostPartitions || !this.#isFree(name)) return;
    this.partitions.set(name, count);
    const body = { topics: [{ name, count, assignments: null }], timeoutMs, validateOnly: false };
    const call = { api: CreatePartitions, version: 3, body, timeoutMs };
    this.#everywhere(name, call, "results", ErrorCode.INVALID_PARTITIONS, () => {});
  }

  /** And makes it again later; its records, and the offsets of groups, are gone. */
  deleteTopic(name: string, backAfterMs: number): void {
    if (!this.#isFree(name)) return;
    const { consumption, goneTopics, world, plan } = this.#cluster;
    const { partitions } = plan.topics.find((topic) => topic.name === name)!;
    consumption.deleted.add(name);
    goneTopics.add(name);
    this.partitions.delete(name);
    const names = { topicNames: [name], timeoutMs };
    const deletion = { api: DeleteTopics, version: 5, body: names, timeoutMs };
    const body = { topics: [newTopic(name, partitions)], timeoutMs, validateOnly: false };
    const creation = { api: CreateTopics, version: 7, body, timeoutMs };
    const isBack = () => {
      goneTopics.delete(name);
      this.partitions.set(name, partitions);
    };
    const make = () => this.#everywhere(name, creation, "topics", ErrorCode.TOPIC_ALREADY_EXISTS, isBack);
    this.#everywhere(name, deletion, "responses", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, () =>
      world.after(backAfterMs, make),
    );
  }

  /** Nothing is being done to it, and every broker can hear what is to be done. */
  #isFree(name: string): boolean {
    const { goneTopics, brokers } = this.#cluster;
    return !this.#busy.has(name) && !goneTopics.has(name) && brokers.every(({ isUp }) => isUp);
  }

  /** Until it is done: topics that differ between brokers would be no regroup's fault. @param again said when it was */
  #everywhere(name: string, call: Call, results: string, again: ErrorCode, done: () => void): void {
    this.#busy.add(name);
    const undone = new Set(this.#cluster.brokers);
    const tell = (broker: BrokerNode) =>
      this.#link.ask(broker, "main", call, (response) => {
        const errorCode = response?.[results][0]?.errorCode;
        if (errorCode !== ErrorCode.NONE && errorCode !== again) {
          return void this.#cluster.world.after(1000, () => tell(broker));
        }
        undone.delete(broker);
        if (undone.size > 0) return;
        this.#busy.delete(name);
        done();
      });
    for (const broker of undone) tell(broker);
  }
}
