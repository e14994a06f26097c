import type { Value } from "../../conformance/wire/codec.ts";
import { subscription } from "../support/consumer-bytes.ts";
import { type Life, nobody } from "./side.ts";

export interface Request {
  readonly api: string;
  readonly version: number;
  readonly body: Value;
}

/** What a client asks, given what it was told before; undefined: it only forgets that. */
type Ask = (life: Life, rename: (memberId: string) => string) => Request | undefined;

/** Something that a client does, at both brokers. */
export interface Act {
  readonly what: string;
  readonly client: string;
  readonly group: string;
  readonly request: Ask;
}

/** A number below the given one. */
export type Pick = (below: number) => number;

/** Everything that is left to chance is drawn when the act is made, so that both brokers see the same. */
interface Draw {
  readonly pick: Pick;
  readonly groupId: string;
  readonly step: number;
  readonly client: string;
  readonly isStatic: boolean;
}

/** a and b are static members. */
const clients = ["a", "b", "c", "d"];

/** The more often it stands here, the more often it happens. */
const kinds = (
  "join join join join join sync sync sync sync heartbeat staleHeartbeat leave adminLeave commit commit adminCommit " +
  "fetch fetchAll describe list deleteGroup offsetDelete forget"
).split(" ") as (keyof typeof acts)[];

export function randomAct(pick: Pick, groupId: string, step: number): Act {
  const client = clients[pick(clients.length)]!;
  const kind = kinds[pick(kinds.length)]!;
  const request = acts[kind]({ pick, groupId, step, client, isStatic: client === "a" || client === "b" });
  return { what: `${step} ${client} ${kind}`, client, group: groupId, request };
}

const preferences = [
  ["range", "sticky"],
  ["sticky", "range", "roundrobin"],
  ["roundrobin", "cooperative-sticky", "range", "sticky"],
];

const acts = {
  join(draw: Draw): Ask {
    const { pick, groupId } = draw;
    const version = versionOf(draw, [0, 9], 5);
    const topics = pick(4) === 0 ? ["orders", "payments"] : ["orders"];
    const names = pick(25) === 0 ? ["other"] : preferences[pick(preferences.length)]!;
    const protocols = names.map((name) => ({ name, metadata: Buffer.from(subscription(...topics)) }));
    const protocolType = pick(40) === 0 ? "connect" : "consumer";
    const terms = { sessionTimeoutMs: 300_000, rebalanceTimeoutMs: 300_000, protocolType, protocols, reason: null };
    return (life) => ({ api: "JoinGroup", version, body: { groupId, ...who(draw, life), ...terms } });
  },

  sync(draw: Draw): Ask {
    const version = versionOf(draw, [0, 5], 3);
    return (life, rename) => {
      const protocol = version < 5 ? {} : { protocolType: "consumer", protocolName: life.protocolName };
      const plan = life.isLeader ? life.members : [];
      const assignments = plan.map((memberId) => ({ memberId, assignment: Buffer.from(rename(memberId)) }));
      const of = { groupId: draw.groupId, generationId: life.generation, ...who(draw, life) };
      return { api: "SyncGroup", version, body: { ...of, ...protocol, assignments } };
    };
  },

  heartbeat: (draw: Draw): Ask => heartbeat(draw, ({ generation }) => generation),
  staleHeartbeat: (draw: Draw): Ask => heartbeat(draw, () => 99),

  leave(draw: Draw): Ask {
    const version = versionOf(draw, [0, 5], 3);
    return (life) => {
      const { memberId } = life;
      const leaving = version < 3 ? { memberId } : { members: [{ ...who(draw, life), reason: null }] };
      return { api: "LeaveGroup", version, body: { groupId: draw.groupId, ...leaving } };
    };
  },

  adminLeave({ pick, groupId }: Draw): Ask {
    const unknown = { memberId: "nobody", groupInstanceId: null, reason: null };
    const removed = { memberId: "", groupInstanceId: "a", reason: "admin" };
    const members = pick(3) === 0 ? [removed, unknown] : [unknown];
    return () => ({ api: "LeaveGroup", version: 5, body: { groupId, members } });
  },

  commit: (draw: Draw): Ask => commit(draw, (life) => ({ ...who(draw, life), generation: life.generation })),
  adminCommit: (draw: Draw): Ask => commit(draw, () => ({ memberId: "", groupInstanceId: null, generation: -1 })),

  fetch: (draw: Draw): Ask => fetch(draw, [{ name: "orders", partitionIndexes: [0, 1, 2, 9] }]),
  fetchAll: (draw: Draw): Ask => fetch(draw, null),

  describe(draw: Draw): Ask {
    const version = versionOf(draw, [0, 6]);
    const body = { groups: [draw.groupId, "nobody"], includeAuthorizedOperations: false };
    return () => ({ api: "DescribeGroups", version, body });
  },

  list(draw: Draw): Ask {
    const version = versionOf(draw, [0, 5]);
    return () => ({ api: "ListGroups", version, body: { statesFilter: [], typesFilter: [] } });
  },

  deleteGroup({ pick, groupId }: Draw): Ask {
    const groupsNames = [pick(3) === 0 ? groupId : "nobody"];
    return () => ({ api: "DeleteGroups", version: 2, body: { groupsNames } });
  },

  offsetDelete({ groupId }: Draw): Ask {
    const topics = ["orders", "nowhere"].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }));
    return () => ({ api: "OffsetDelete", version: 0, body: { groupId, topics } });
  },

  forget({ pick }: Draw): Ask {
    const forgets = pick(3) === 0;
    return (life) => {
      if (forgets) Object.assign(life, nobody);
      return undefined;
    };
  },
};

function heartbeat(draw: Draw, generationOf: (life: Life) => number): Ask {
  const version = versionOf(draw, [0, 4], 3);
  return (life) => {
    const body = { groupId: draw.groupId, generationId: generationOf(life), ...who(draw, life) };
    return { api: "Heartbeat", version, body };
  };
}

type Committer = (life: Life) => { memberId: string; groupInstanceId: string | null; generation: number };

function commit(draw: Draw, committerOf: Committer): Ask {
  const { pick, groupId, step } = draw;
  const version = versionOf(draw, [2, 9], 7);
  const committedMetadata = pick(2) === 0 ? null : "m";
  const partition = { partitionIndex: pick(3), committedOffset: step, committedLeaderEpoch: -1, committedMetadata };
  const topics = [{ name: "orders", partitions: [partition] }];
  return (life) => {
    const { generation: generationIdOrMemberEpoch, ...committer } = committerOf(life);
    const body = { groupId, generationIdOrMemberEpoch, ...committer, retentionTimeMs: -1, topics };
    return { api: "OffsetCommit", version, body };
  };
}

function fetch(draw: Draw, topics: Value): Ask {
  const version = versionOf(draw, [2, 9]);
  const group = { groupId: draw.groupId, topics };
  const asked = version < 8 ? group : { groups: [{ ...group, memberId: null, memberEpoch: -1 }] };
  return () => ({ api: "OffsetFetch", version, body: { ...asked, requireStable: false } });
}

function who({ client, isStatic }: Draw, { memberId }: Life) {
  return { memberId, groupInstanceId: isStatic ? client : null };
}

/** @param forStatic the first version that knows instance ids. */
function versionOf({ pick, isStatic }: Draw, [least, most]: readonly [number, number], forStatic = least): number {
  const from = isStatic ? forStatic : least;
  return from + pick(most - from + 1);
}
