/** A member over real connections, with a real clock, whose application does nothing but note what it reads. */
import { readConfig } from "../../../../src/client/config.ts";
import { KafkaError } from "../../../../src/client/errors.ts";
import type { MemberAction } from "../../../../src/client/member/member-action.ts";
import { type MemberConfig, memberConfigDefaults } from "../../../../src/client/member/member-config.ts";
import type { MemberEvent } from "../../../../src/client/member/member-event.ts";
import type { MemberFact } from "../../../../src/client/member/member-fact.ts";
import { MemberMachine } from "../../../../src/client/member/member-machine.ts";
import { laneOf, leaveGroupBody, type MemberRequest } from "../../../../src/client/member/member-request.ts";
import { keyOf } from "../../../../src/client/member/partitions.ts";
import { openCluster } from "../../../../src/client/open-cluster.ts";
import { Heartbeat } from "../../../../src/protocol/apis/heartbeat.ts";
import { JoinGroup } from "../../../../src/protocol/apis/join-group.ts";
import { LeaveGroup } from "../../../../src/protocol/apis/leave-group.ts";
import { SyncGroup } from "../../../../src/protocol/apis/sync-group.ts";

type Given = "groupId" | "assignors";

export interface LiveOptions extends Pick<MemberConfig, Given>, Partial<Omit<MemberConfig, Given>> {
  readonly bootstrapServers: string;
  readonly topics: readonly string[];
  /** Told at once when partitions are read, and read no more. */
  readonly onRead?: (partition: string, isRead: boolean) => void;
}

export class LiveMember {
  readonly machine: MemberMachine;
  readonly facts: MemberFact[] = [];
  readonly calls: string[] = [];
  readonly failures: string[] = [];
  readonly #cluster;
  readonly #options: LiveOptions;
  #timer: NodeJS.Timeout | undefined;
  readonly #closed = Promise.withResolvers<void>();

  constructor({ bootstrapServers, topics, ...options }: LiveOptions) {
    this.#options = { bootstrapServers, topics, ...options };
    this.#cluster = openCluster(readConfig("consumer", { bootstrapServers, groupId: options.groupId }));
    this.machine = new MemberMachine({ ...memberConfigDefaults, ...options }, Math.random);
    this.tell({ type: "subscribe", topics });
    this.tell({ type: "poll" });
  }

  tell(event: MemberEvent): void {
    const actions = this.machine.step(event, performance.now());
    clearTimeout(this.#timer);
    if (this.machine.wakeAtMs < Number.POSITIVE_INFINITY) {
      const delayMs = Math.max(0, Math.ceil(this.machine.wakeAtMs - performance.now()));
      this.#timer = setTimeout(() => this.tell({ type: "wake" }), Math.min(delayMs, 2 ** 31 - 1));
    }
    for (const action of actions) this.#do(action);
  }

  async close(): Promise<void> {
    this.tell({ type: "close", leave: "default", timeoutMs: 5000 });
    await this.#closed.promise;
    await this.#cluster.close();
  }

  #do(action: MemberAction): void {
    switch (action.type) {
      case "send":
        return void this.#ask(action.request);
      case "assign":
      case "revoke":
      case "lose":
        this.calls.push(action.type);
        for (const each of action.partitions) this.#options.onRead?.(keyOf(each), action.type === "assign");
        return setImmediate(() => this.tell({ type: "callbackDone" })) && undefined;
      case "fact":
        return void this.facts.push(action.fact);
      case "fail":
        return void this.failures.push(action.message);
      case "closed":
        clearTimeout(this.#timer);
        return this.#closed.resolve();
    }
  }

  async #ask(request: MemberRequest): Promise<void> {
    const { id, api } = request;
    try {
      const response = await this.#response(request);
      this.tell({ type: "answer", id, api, response } as MemberEvent);
    } catch (error) {
      if (error instanceof KafkaError && error.retriable) this.tell({ type: "failed", id });
      else this.tell({ type: "refused", id, error: error as Error });
    }
  }

  async #response(request: MemberRequest): Promise<object> {
    const { timeoutMs } = request;
    const options = { timeoutMs, lane: laneOf(request) };
    const coordinator = { group: this.#options.groupId };
    switch (request.api) {
      case "FindCoordinator": {
        this.#cluster.coordinatorGone({ group: this.#options.groupId });
        return {
          errorCode: 0,
          nodeId: await this.#cluster.coordinatorOf({ group: this.#options.groupId }),
          heartbeatMaxWaitMs: 0,
        };
      }
      case "Metadata": {
        const { topics } = await this.#cluster.metadata(request.body.topics, { timeoutMs });
        const counts = Array.from(
          topics,
          ([topic, { partitions }]) => [topic, { partitionCount: partitions.length }] as const,
        );
        return { topics: new Map(counts) };
      }
      case "JoinGroup":
        return this.#cluster.send(coordinator, JoinGroup, request.body, options);
      case "SyncGroup":
        return this.#cluster.send(coordinator, SyncGroup, request.body, options);
      case "Heartbeat":
        return this.#cluster.send(coordinator, Heartbeat, request.body, options);
      case "LeaveGroup": {
        const { body } = request;
        return this.#cluster.send(coordinator, LeaveGroup, (version) => leaveGroupBody(body, version), options);
      }
    }
  }
}
