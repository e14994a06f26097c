/** What a member asks of brokers, over the wire: who is asked, in which version, and what becomes of the answer. */
import type { ClusterTopics } from "../assignment/partition-assignor.ts";
import type { MemberEvent } from "../client/member/member-event.ts";
import { joinLane, laneOf, leaveGroupBody, type MemberRequest } from "../client/member/member-request.ts";
import { keyOf } from "../client/member/partitions.ts";
import { ApiVersions } from "../protocol/apis/api-versions.ts";
import { FindCoordinator } from "../protocol/apis/find-coordinator.ts";
import { Heartbeat, heartbeatWait } from "../protocol/apis/heartbeat.ts";
import { JoinGroup } from "../protocol/apis/join-group.ts";
import { LeaveGroup } from "../protocol/apis/leave-group.ts";
import { Metadata } from "../protocol/apis/metadata.ts";
import { OffsetCommit } from "../protocol/apis/offset-commit.ts";
import { OffsetFetch } from "../protocol/apis/offset-fetch.ts";
import { SyncGroup } from "../protocol/apis/sync-group.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Api } from "../protocol/schema.ts";
import type { BrokerNode } from "./broker-node.ts";
import type { ClientLink, Done } from "./client-link.ts";
import type { ConsumerNode } from "./consumer-node.ts";
import type { Versions } from "./plan.ts";

// biome-ignore lint/suspicious/noExplicitAny: bodies of all APIs
type Body = any;

const apis = { FindCoordinator, JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetFetch } as const;
const metadataVersion = 12;
const apiVersionsVersion = 4;
/** The first version of Heartbeat that can say so. */
const waitingHeartbeat = 4;

export class MemberCalls {
  readonly #member: ConsumerNode;
  readonly #link: ClientLink;
  #coordinator: BrokerNode | undefined;
  #watched: readonly string[] = [];
  readonly topicIds = new Map<string, string>();
  readonly leaderEpochs = new Map<string, number>();

  constructor(member: ConsumerNode, link: ClientLink) {
    this.#member = member;
    this.#link = link;
  }

  close(): void {
    this.#link.close();
  }

  send(request: MemberRequest): void {
    switch (request.api) {
      case "FindCoordinator":
        return this.#findCoordinator(request);
      case "Metadata":
        return this.#metadata(request.body.topics, request.timeoutMs, (topics) =>
          this.#answer(request, topics && { topics }),
        );
      case "LeaveGroup": {
        const version = this.#versions.LeaveGroup;
        return this.#askCoordinator(request, leaveGroupBody(request.body, version));
      }
      default:
        return this.#askCoordinator(request, request.body);
    }
  }

  /** @param done hears undefined when no coordinator is known, or it does not answer. */
  askCoordinator(api: "OffsetCommit" | "OffsetFetch", body: Body, timeoutMs: number, done: Done): void {
    if (this.#coordinator === undefined) return void this.#member.process.after(100, () => done(undefined));
    const version = this.#versions[api];
    this.#ask(this.#coordinator, "main", apis[api], version, body, timeoutMs, done);
  }

  askLeader(api: Api, body: Body, done: Done): void {
    const { cluster, plan } = this.#member;
    this.#ask(cluster.topicsLeader, "fetch", api, this.versionOf("Fetch"), body, plan.requestTimeoutMs, done);
  }

  versionOf(api: keyof Versions): number {
    return this.#versions[api];
  }

  watch(topics: readonly string[]): void {
    this.#watched = topics;
    this.refresh();
  }

  /** Now, and every metadata.max.age.ms. */
  refreshMetadata(): void {
    this.refresh();
    this.#member.process.after(this.#member.plan.metadataMaxAgeMs, () => this.refreshMetadata());
  }

  get #versions(): Versions {
    return this.#member.plan.versions;
  }

  refresh(): void {
    if (this.#watched.length === 0) return;
    this.#metadata(this.#watched, this.#member.plan.requestTimeoutMs, (topics) => {
      if (topics !== undefined) this.#member.metadata(topics);
    });
  }

  #metadata(names: readonly string[], timeoutMs: number, done: (topics: ClusterTopics | undefined) => void): void {
    const body = { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false };
    const { cluster } = this.#member;
    // Each broker has ids and leader epochs of its own for a topic: those of the one that is fetched from count.
    const broker = cluster.plan.fetches ? cluster.topicsLeader : this.#anyBroker();
    this.#ask(broker, "main", Metadata, metadataVersion, body, timeoutMs, (response) =>
      done(response && this.#learnt(response)),
    );
  }

  #learnt(response: Body): ClusterTopics {
    for (const { name, topicId, partitions } of response.topics) {
      this.topicIds.set(name, topicId);
      for (const { partitionIndex, leaderEpoch } of partitions) {
        this.leaderEpochs.set(keyOf({ topic: name, partition: partitionIndex }), leaderEpoch);
      }
    }
    return clusterTopics(response);
  }

  #findCoordinator(request: Extract<MemberRequest, { api: "FindCoordinator" }>): void {
    const { groupId } = request.body;
    const version = this.#versions.FindCoordinator;
    const body = version >= 4 ? { keyType: 0, coordinatorKeys: [groupId] } : { keyType: 0, key: groupId };
    this.#ask(this.#anyBroker(), "main", FindCoordinator, version, body, request.timeoutMs, (response) => {
      if (response === undefined) return this.#answer(request, undefined);
      const found = version >= 4 ? response.coordinators[0] : response;
      // Regroup's broker is alone in its cluster and names itself: who leads a shared log is the world's to say.
      const leader = this.#member.cluster.coordinatorOf(groupId);
      const errorCode = leader === undefined ? ErrorCode.COORDINATOR_NOT_AVAILABLE : found.errorCode;
      this.#coordinator = leader;
      const answer = { errorCode, nodeId: leader?.id ?? -1, heartbeatMaxWaitMs: 0 };
      if (leader === undefined || this.#versions.Heartbeat < waitingHeartbeat) return this.#answer(request, answer);
      this.#askFeatures(request, leader, answer);
    });
  }

  /** Whether its heartbeats may wait there (decision 0009). */
  #askFeatures(request: MemberRequest, leader: BrokerNode, answer: object): void {
    const body = { clientSoftwareName: "simulated", clientSoftwareVersion: "1" };
    this.#ask(leader, joinLane, ApiVersions, apiVersionsVersion, body, request.timeoutMs, (response) => {
      const waits = response?.supportedFeatures.some(({ name }: Body) => name === heartbeatWait.feature);
      const heartbeatMaxWaitMs = waits ? Number.POSITIVE_INFINITY : 0;
      this.#answer(request, response && { ...answer, heartbeatMaxWaitMs });
    });
  }

  #askCoordinator(request: Exclude<MemberRequest, { api: "FindCoordinator" | "Metadata" }>, body: Body): void {
    if (this.#coordinator === undefined) throw new Error(`${this.#member.name} knows no coordinator`);
    const { api, timeoutMs } = request;
    this.#ask(this.#coordinator, laneOf(request), apis[api], this.#versions[api], body, timeoutMs, (response) =>
      this.#answer(request, response),
    );
  }

  #answer({ id, api }: MemberRequest, response: Body): void {
    this.#member.step(
      response === undefined ? { type: "failed", id } : ({ type: "answer", id, api, response } as MemberEvent),
    );
  }

  #anyBroker(): BrokerNode {
    return this.#member.random.pick(this.#member.cluster.brokers);
  }

  #ask(broker: BrokerNode, lane: string, api: Api, version: number, body: Body, timeoutMs: number, done: Done): void {
    this.#link.ask(broker, lane, { api, version, body, timeoutMs }, done);
  }
}

function clusterTopics(response: Body): ClusterTopics {
  const known = new Map<string, { readonly partitionCount: number }>();
  for (const { errorCode, name, partitions } of response.topics) {
    if (errorCode === ErrorCode.NONE && partitions.length > 0) known.set(name, { partitionCount: partitions.length });
  }
  return known;
}
