import type { ReplyToken } from "../coordinator/machine.ts";
import type { GroupFact } from "../group/facts.ts";
import type { GroupCoordinator } from "../group/group-coordinator.ts";
import type { GroupRecord } from "../group/record.ts";
import type { GroupRequests } from "../group/requests.ts";
import type { GroupTimer, Shard } from "../group/shard.ts";
import type { Asked } from "./requests.ts";
import { type Step, WatchedMachine } from "./watched-machine.ts";

export type GroupStep = Step<GroupRequests, GroupRecord>;

/** The real group coordinator of one shard, looked at. */
export class WatchedCoordinator extends WatchedMachine<
  GroupRequests,
  GroupRecord,
  GroupTimer,
  GroupFact,
  GroupCoordinator
> {
  /** What came over the wire and has no answer yet, by the token that the shard gave it. */
  readonly requests = new Map<ReplyToken, Asked>();

  get shard(): Shard {
    return this.machine.shard;
  }
}
