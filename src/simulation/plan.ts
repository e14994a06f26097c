/** Everything that is decided about a world before it begins. JSON, so that a smaller one can be tried and kept. */
import type { NetworkFaults } from "./network.ts";
import type { AssignorName } from "./own-assignors.ts";
import type { ClockFaults } from "./process.ts";
import type { DiskPace } from "./simulated-disk.ts";

/** The greatest group.max.size: Kafka's default. */
export const unlimited = 2_147_483_647;

export interface Plan {
  readonly seed: number;
  /** `alone`: one broker and its own disk. `shared`: several, over one log that fences by leader epoch. */
  readonly topology: "alone" | "shared";
  readonly brokers: readonly ClockFaults[];
  /** Partitions of `__consumer_offsets`. */
  readonly shards: number;
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
  readonly initialRebalanceDelayMs: number;
  readonly groupMaxSize: number;
  readonly offsetsRetentionMinutes: number;
  /** How long a heartbeat may be held back; 0: not at all. */
  readonly heartbeatMaxWaitMs: number;
  readonly segmentBytes: number;
  readonly network: NetworkFaults;
  readonly disk: DiskPace;
  /** Kafka's log.flush.interval.messages: 1, or so many that no append waits for the disk. */
  readonly flushIntervalMessages: number;
  /** Members fetch the records that producers write; otherwise they count on as if some had come. */
  readonly fetches: boolean;
  readonly members: readonly MemberPlan[];
  readonly producers: readonly ProducerPlan[];
  readonly transactional: readonly TransactionalPlan[];
  /** Members that fetch see what is committed only. */
  readonly readCommitted: boolean;
  readonly faults: readonly Fault[];
  /** When faults end. */
  readonly faultsEndMs: number;
}

export interface MemberPlan {
  readonly name: string;
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  readonly assignors: readonly AssignorName[];
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly maxPollIntervalMs: number;
  readonly requestTimeoutMs: number;
  /** Between two commits of what was processed. */
  readonly commitIntervalMs: number;
  /** How long the application takes to give partitions up, at most. */
  readonly revokeMs: number;
  readonly metadataMaxAgeMs: number;
  readonly startsMs: number;
  readonly clock: ClockFaults;
  readonly versions: Versions;
}

export interface ProducerPlan {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  readonly intervalMs: number;
}

export interface TransactionalPlan {
  /** Also its transactional id. */
  readonly name: string;
  /** 0: as clients since KIP-98; 2: since KIP-890. */
  readonly transactionVersion: 0 | 2;
  readonly timeoutMs: number;
  readonly outputs: readonly { readonly topic: string; readonly partition: number }[];
  /** The partition that its transactions commit an offset of, in a group of its own; only where there is one broker. */
  readonly offsetsOf: { readonly topic: string; readonly partition: number } | null;
  readonly commitChance: number;
  /** Between two transactions, and at most between two records of one. */
  readonly intervalMs: number;
  readonly pauseMs: number;
}

/** The newest that the client speaks. */
export interface Versions {
  readonly JoinGroup: number;
  readonly SyncGroup: number;
  readonly Heartbeat: number;
  readonly LeaveGroup: number;
  readonly OffsetCommit: number;
  readonly OffsetFetch: number;
  readonly FindCoordinator: number;
  readonly Fetch: number;
}

export type Fault = { readonly atMs: number } & FaultKind;

export type FaultKind =
  /** Its process ends without a word; with a restart it comes back. */
  | { readonly kind: "member dies"; readonly member: string; readonly backAfterMs: number | null }
  | { readonly kind: "member closes"; readonly member: string; readonly backAfterMs: number | null }
  | { readonly kind: "member stalls"; readonly member: string; readonly forMs: number }
  /** The application works on its records for so long. */
  | { readonly kind: "member is busy"; readonly member: string; readonly forMs: number }
  /** onPartitionsRevoked takes so long the next time. */
  | { readonly kind: "callback hangs"; readonly member: string; readonly forMs: number }
  /** The next time that a plan takes partitions from it, in the midst of giving them up. */
  | { readonly kind: "member dies giving up"; readonly member: string; readonly backAfterMs: number }
  | { readonly kind: "subscription changes"; readonly member: string; readonly topics: readonly string[] }
  /** Another process is started under the same instance id. */
  | { readonly kind: "twin starts"; readonly member: string; readonly forMs: number }
  | { readonly kind: "broker dies"; readonly broker: number; readonly loses: Loss; readonly backAfterMs: number }
  | { readonly kind: "broker stops"; readonly broker: number; readonly backAfterMs: number }
  | { readonly kind: "broker stalls"; readonly broker: number; readonly forMs: number }
  | {
      readonly kind: "broker is cut off";
      readonly broker: number;
      readonly from: string | null;
      readonly forMs: number;
    }
  | { readonly kind: "connections break"; readonly broker: number }
  | { readonly kind: "disk fails"; readonly broker: number; readonly afterWrites: number }
  /** The world goes on as it was; what would be left on the disk is looked at. */
  | { readonly kind: "power might fail"; readonly loses: Loss }
  /** Of the next appends to the shared log, one loses its answer. */
  | { readonly kind: "append fails" }
  /** Power fails where the shared log lies. */
  | { readonly kind: "storage crashes"; readonly loses: Loss; readonly backAfterMs: number }
  /** Another broker leads a partition of `__consumer_offsets`; the old one hears of it later. */
  | { readonly kind: "leadership moves"; readonly shard: number; readonly heardAfterMs: number }
  | { readonly kind: "clock jumps"; readonly broker: number; readonly byMs: number }
  | { readonly kind: "partitions are added"; readonly topic: string }
  /** It is made again under the same name. */
  | { readonly kind: "topic is deleted"; readonly topic: string; readonly backAfterMs: number }
  /** Its leader went elsewhere and came back: the next leader epoch. */
  /** Without a word; its transaction stays open. */
  | { readonly kind: "transactional producer dies"; readonly producer: string; readonly backAfterMs: number | null }
  | { readonly kind: "transactional producer is doubled"; readonly producer: string }
  | { readonly kind: "transactional producer stalls"; readonly producer: string; readonly forMs: number }
  /** For so long answers of the storage are lost where they end. */
  | { readonly kind: "ends of transactions are troubled"; readonly forMs: number }
  | { readonly kind: "partition is led anew"; readonly topic: string; readonly partition: number }
  | { readonly kind: "admin removes"; readonly member: string }
  /** As a tool does for a group without members; a live one is to refuse it. */
  | { readonly kind: "offsets are reset"; readonly groupId: string; readonly topic: string }
  | { readonly kind: "offsets are read"; readonly groupId: string }
  | { readonly kind: "group is deleted"; readonly groupId: string };

/** What a crash does to bytes that no sync covers: the system keeps them, they are gone, or some are. */
export type Loss = "nothing" | "unsynced" | "some";
