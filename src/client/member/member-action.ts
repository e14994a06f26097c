/** What a member causes. */
import type { TopicPartition } from "../topic-partition.ts";
import type { MemberFact } from "./member-fact.ts";
import type { MemberRequest } from "./member-request.ts";

/**
 * With `revoke` and `lose` fetching of the partitions stops, at once. The application's callbacks for them and for
 * `assign` are called one after the other, in the order of the actions; each that returns, or throws, is told by a
 * `callbackDone`.
 */
export type MemberAction =
  | { readonly type: "send"; readonly request: MemberRequest }
  /**
   * Let the records at work be finished, commit if auto commit is on (rule 47), call onPartitionsRevoked; then
   * `callbackDone`. Until then the partitions are this member's.
   */
  | { readonly type: "revoke"; readonly partitions: readonly TopicPartition[] }
  /** Somebody else may have them already: nothing is committed; call onPartitionsLost, then `callbackDone`. */
  | { readonly type: "lose"; readonly partitions: readonly TopicPartition[] }
  /** Fetch `partitions` from now on, beside what was kept; call onPartitionsAssigned, also with none (rule 46). */
  | { readonly type: "assign"; readonly partitions: readonly TopicPartition[] }
  /** Topics whose metadata the member must hear of: its own, and the whole group's while it leads (rule 27). */
  | { readonly type: "watch"; readonly topics: readonly string[] }
  | { readonly type: "fact"; readonly fact: MemberFact }
  /**
   * The member cannot go on; the application is told. The machine takes no more but `callbackDone` and `close`.
   * @property errorCode what the coordinator said; undefined when it was not the coordinator.
   */
  | { readonly type: "fail"; readonly errorCode: number | undefined; readonly message: string; readonly cause?: Error }
  /** After `close`: there is nothing more to wait for. */
  | { readonly type: "closed" };
