/** Random requests about transactions. They name producers by when these were told of: so both sides can do them. */
import type { Value } from "../../conformance/wire/codec.ts";

export type Pick = (below: number) => number;

/** An identity of the id that a side was told: 0 is the latest; with another epoch, or as somebody else. */
export interface WhoActs {
  readonly id: string;
  readonly ago: number;
  readonly epochDelta: number;
}

export interface Act {
  readonly what: string;
  readonly api: string;
  readonly version: number;
  readonly who: WhoActs;
  /** What is the same on both sides. */
  readonly set: Value;
}

export const partitionsOfTopic = 2;

export function randomAct(pick: Pick, ids: readonly string[], groupId: string): Act {
  const id = ids[pick(4) === 0 ? pick(ids.length) : 0]!;
  const ago = pick(6) === 0 ? 1 + pick(2) : 0;
  const epochDelta = [0, 0, 0, 0, 0, 0, 0, -1, -1, 1][pick(10)]!;
  const [weights, make] = [draws.map(([weight]) => weight), draws.map(([, draw]) => draw)];
  let left = pick(weights.reduce((sum, weight) => sum + weight, 0));
  let at = 0;
  for (; left >= weights[at]!; at++) left -= weights[at]!;
  const { api, version, set } = make[at]!(pick, groupId);
  const isBarrier = api === "WriteTxnMarkers" && pick(4) === 0; // the later epoch keeps a transaction from its end
  const who = { id, ago, epochDelta: isBarrier ? 2 : epochDelta };
  const name = `${id}${ago > 0 ? `, ${ago} ago` : ""}${who.epochDelta === 0 ? "" : `, epoch ${who.epochDelta}`}`;
  return { what: `${api} v${version} of ${name} ${JSON.stringify(set)}`, api, version, who, set };
}

type Draw = (pick: Pick, groupId: string) => { readonly api: string; readonly version: number; readonly set: Value };

const between = (pick: Pick, low: number, high: number) => low + pick(high - low + 1);

const draws: readonly (readonly [weight: number, draw: Draw])[] = [
  [
    3,
    (pick) => {
      const version = between(pick, 0, 5);
      return { api: "InitProducerId", version, set: { goesOn: version >= 3 && pick(2) === 0 } };
    },
  ],
  [4, (pick) => ({ api: "AddPartitionsToTxn", version: between(pick, 0, 3), set: { partition: pick(3) } })],
  [
    2,
    (pick) => {
      const set = { partition: pick(partitionsOfTopic), verifyOnly: pick(2) === 0 };
      return { api: "AddPartitionsToTxn", version: between(pick, 4, 5), set };
    },
  ],
  [
    8,
    (pick) => {
      const set = { partition: pick(partitionsOfTopic), sequenceDelta: [0, 0, 0, 0, 0, 0, -1, 1][pick(8)]! };
      return { api: "Produce", version: [9, 11, 12, 12][pick(4)]!, set };
    },
  ],
  [6, (pick) => ({ api: "EndTxn", version: [1, 2, 4, 5, 5, 5, 5][pick(7)]!, set: { committed: pick(2) === 0 } })],
  [2, (pick, groupId) => ({ api: "AddOffsetsToTxn", version: between(pick, 0, 4), set: { groupId } })],
  [
    3,
    (pick, groupId) => {
      const set = { groupId, partition: pick(partitionsOfTopic), offset: pick(100) };
      return { api: "TxnOffsetCommit", version: [2, 3, 4, 5, 5][pick(5)]!, set };
    },
  ],
  [2, (pick, groupId) => ({ api: "OffsetFetch", version: 7, set: { groupId, requireStable: pick(2) === 0 } })],
  [
    1,
    (pick) => {
      const set = { partition: pick(partitionsOfTopic), transactionResult: pick(2) === 0, coordinatorEpoch: 0 };
      return { api: "WriteTxnMarkers", version: 1, set };
    },
  ],
];
