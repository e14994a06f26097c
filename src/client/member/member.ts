import type { ClusterTopics, PartitionAssignor } from "../../assignment/partition-assignor.ts";
import { Callbacks } from "./callbacks.ts";
import { CoordinatorLink } from "./coordinator-link.ts";
import type { GroupPlan, PlannedTopics } from "./group-plan.ts";
import { HeartbeatPace } from "./heartbeat-pace.ts";
import type { MemberAction } from "./member-action.ts";
import type { MemberConfig } from "./member-config.ts";
import type { MemberEvent } from "./member-event.ts";
import type { MemberRequest, MemberRequests, MemberRequestType, RequestId } from "./member-request.ts";
import { assertTransition, type MemberState } from "./member-state.ts";
import type { Partitions } from "./partitions.ts";
import { RebalanceRecord } from "./rebalance-record.ts";
import { Retry } from "./retry.ts";

/** States in which what the coordinator knows of the member has to be kept alive; a parked join or sync does so too. */
const beating: ReadonlySet<MemberState> = new Set(["Preparing", "Planning", "Revoking", "Stable", "Leaving"]);
const outside: ReadonlySet<MemberState> = new Set(["Unjoined", "Leaving", "Failed", "Closed"]);

/** All that a member knows, for the functions that decide, and the actions of the step that is under way. */
export class Member {
  readonly config: MemberConfig;
  readonly random: () => number;
  /** Only when every assignor supports it (rule 44). */
  readonly isCooperative: boolean;

  state: MemberState = "Unjoined";
  memberId = "";
  generationId = -1;
  /** In which it was Stable last; -1: in none, or it left since then. */
  lastGenerationId = -1;

  isSubscribed = false;
  topics: readonly string[] = [];
  metadata: ClusterTopics = new Map();
  /** The application has polled, and since then never worked longer than max.poll.interval.ms. */
  isPolled = false;
  /** When the application is to have polled again; Infinity while it waits for records. */
  pollDueMs = Number.POSITIVE_INFINITY;

  owned: Partitions = [];
  /** The generation of whose assignment `owned` is what is left (KIP-792). */
  ownedGenerationId = -1;
  /** Of the generation: the chosen assignor, the leader's part in it, and what this member is to have. */
  assignor: PartitionAssignor | undefined;
  leads: Leadership | undefined;
  assigned: Partitions = [];

  /** Why it joins, as the coordinator is told (KIP-800). */
  joinReason = "";
  /** Why it is to join again, with its next join or as soon as it is Stable. */
  rejoinReason: string | undefined;
  leaving: Leaving | undefined;
  /** Before it plans again, as a leader, what is left out until then. */
  replanWaitMs: number;
  readonly record = new RebalanceRecord();

  /** Of the requests that move the membership on there is one at a time: Join, Metadata, Sync, Leave. */
  asked: RequestId | undefined;
  readonly retry: Retry;
  readonly coordinator: CoordinatorLink;
  readonly callbacks = new Callbacks();
  readonly pace: HeartbeatPace;
  heartbeat: { readonly id: RequestId; readonly sentMs: number } | undefined;

  nowMs = 0;
  #actions: MemberAction[] = [];
  #nextRequestId = 1;
  #watched = "";

  constructor(config: MemberConfig, random: () => number) {
    this.config = config;
    this.random = random;
    this.isCooperative = config.assignors.every(({ supportedProtocols }) => supportedProtocols.includes("COOPERATIVE"));
    const limits = { initialMs: config.retryBackoffMs, maxMs: config.retryBackoffMaxMs };
    this.retry = new Retry(limits, random);
    this.coordinator = new CoordinatorLink(new Retry(limits, random));
    this.replanWaitMs = config.maxPollIntervalMs;
    this.pace = new HeartbeatPace(config.heartbeatIntervalMs, random);
  }

  /** It is in a group, or on its way into one. */
  get isInside(): boolean {
    return !outside.has(this.state);
  }

  get isBeating(): boolean {
    const hasSaidGoodBye = this.state === "Leaving" && this.asked !== undefined;
    return this.generationId >= 0 && beating.has(this.state) && !hasSaidGoodBye;
  }

  turn(to: MemberState): void {
    if (to === this.state) return;
    assertTransition(this.state, to);
    this.state = to;
  }

  act(action: MemberAction): void {
    this.#actions.push(action);
  }

  takeActions(): MemberAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  send<K extends MemberRequestType>(api: K, body: MemberRequests[K]["request"], timeoutMs: number): RequestId {
    const id = this.#nextRequestId++;
    this.act({ type: "send", request: { id, api, body, timeoutMs } as MemberRequest });
    return id;
  }

  /** Its own topics, and the group's while it leads. */
  watch(): void {
    const topics = [...new Set([...this.topics, ...(this.leads?.topics ?? [])])].sort();
    if (topics.join() === this.#watched) return;
    this.#watched = topics.join();
    this.act({ type: "watch", topics });
  }
}

/** What the leader of a generation knows of its group. */
export interface Leadership {
  readonly topics: readonly string[];
  readonly memberCount: number;
  /** Makes the plan from fresh metadata; none is wanted when the assignment stays (KIP-814). */
  readonly plan: (topics: ClusterTopics) => GroupPlan;
  /** When it plans again, if nobody has made it do so before. */
  replanAtMs: number;
  /** What was heard while it was asked for; which of the two is newer nobody knows. */
  heardMeanwhile: ClusterTopics | undefined;
  /** Undefined before the metadata came. */
  planned: ({ readonly topics: PlannedTopics } & GroupPlan) | undefined;
}

/** The application closes, or is subscribed to nothing any more. */
export interface Leaving {
  readonly reason: string;
  readonly leave: Extract<MemberEvent, { readonly type: "close" }>["leave"];
  readonly deadlineMs: number;
  readonly isClosing: boolean;
}
