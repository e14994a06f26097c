/** Those who tend the cluster, over the wire. */
import { CreatePartitions } from "../protocol/apis/create-partitions.ts";
import { DeleteGroups } from "../protocol/apis/delete-groups.ts";
import { LeaveGroup } from "../protocol/apis/leave-group.ts";
import { OffsetCommit } from "../protocol/apis/offset-commit.ts";
import { OffsetFetch } from "../protocol/apis/offset-fetch.ts";
import { ClientLink } from "./client-link.ts";
import type { Cluster } from "./cluster.ts";
import type { MemberPlan } from "./plan.ts";
import { Process } from "./process.ts";

const timeoutMs = 10_000;
const mostPartitions = 12;

export class AdminNode {
  readonly #cluster: Cluster;
  readonly #link: ClientLink;
  /** By topic. */
  readonly partitions: Map<string, number>;

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
    const count = (this.partitions.get(name) ?? 0) + 1;
    if (count > mostPartitions || this.#cluster.brokers.some(({ isUp }) => !isUp)) return;
    this.partitions.set(name, count);
    for (const broker of this.#cluster.brokers) this.#widen(broker.id, name, count);
  }

  /** Until it is done: topics that differ between brokers would be no regroup's fault. */
  #widen(id: number, name: string, count: number): void {
    const body = { topics: [{ name, count, assignments: null }], timeoutMs, validateOnly: false };
    const broker = this.#cluster.brokers[id - 1]!;
    this.#link.ask(broker, "main", { api: CreatePartitions, version: 3, body, timeoutMs }, (response) => {
      const isDone = response?.results[0]?.errorCode === 0 || response?.results[0]?.errorCode === 37;
      if (!isDone) this.#cluster.world.after(1000, () => this.#widen(id, name, count));
    });
  }
}
