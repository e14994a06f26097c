/** A member and a coordinator that answers as it is told, for tests that are no transcripts. */
import assert from "node:assert/strict";
import type { PartitionAssignor } from "../../../../src/assignment/partition-assignor.ts";
import { standardAssignors } from "../../../../src/assignment/standard-assignors.ts";
import type { MemberAction } from "../../../../src/client/member/member-action.ts";
import { type MemberConfig, memberConfigDefaults } from "../../../../src/client/member/member-config.ts";
import type { MemberAnswer, MemberEvent } from "../../../../src/client/member/member-event.ts";
import { MemberMachine } from "../../../../src/client/member/member-machine.ts";
import type { MemberRequest, MemberRequests, MemberRequestType } from "../../../../src/client/member/member-request.ts";

export class Conversation {
  readonly machine: MemberMachine;
  nowMs = 0;
  #actions: MemberAction[] = [];

  constructor(config: Partial<MemberConfig> = {}, assignor: PartitionAssignor = standardAssignors.range()) {
    const whole = { ...memberConfigDefaults, groupId: "g", assignors: [assignor], ...config };
    this.machine = new MemberMachine(whole, () => 0.5);
  }

  /** @returns what it caused */
  tell(event: MemberEvent): readonly MemberAction[] {
    this.#actions = this.machine.step(event, this.nowMs);
    return this.#actions;
  }

  /** What it asked in the last step. */
  asked<K extends MemberRequestType>(api: K): Extract<MemberRequest, { api: K }> {
    for (const action of this.#actions) {
      if (action.type === "send" && action.request.api === api) {
        return action.request as Extract<MemberRequest, { api: K }>;
      }
    }
    assert.fail(`${api} is not among ${this.#actions.map(({ type }) => type)}`);
  }

  answer<K extends MemberRequestType>(api: K, response: Partial<MemberRequests[K]["response"]>) {
    const { id } = this.asked(api);
    return this.tell({ type: "answer", api, id, response: { errorCode: 0, ...response } } as unknown as MemberAnswer);
  }

  /** As far as the join. */
  subscribe(...topics: string[]): void {
    this.tell({ type: "subscribe", topics });
    this.tell({ type: "poll" });
    this.answer("FindCoordinator", { nodeId: 1, heartbeatMaxWaitMs: 0 });
  }

  /** It leads the group of itself, "m", and of others. */
  lead(protocolName: string, others: readonly { readonly memberId: string; readonly metadata: Uint8Array }[] = []) {
    const own = { memberId: "m", metadata: this.asked("JoinGroup").body.protocols[0]!.metadata };
    const members = [own, ...others].map((member) => ({ ...member, groupInstanceId: null }));
    this.answer("JoinGroup", { generationId: 1, protocolName, memberId: "m", leader: "m", members });
  }
}
