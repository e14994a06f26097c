/** Members that say no more than they must, each over one connection; crowd.ts starts them and says what to do. */
import { readConfig } from "../../client/config.ts";
import { openCluster } from "../../client/open-cluster.ts";
import { Heartbeat } from "../../protocol/apis/heartbeat.ts";
import { JoinGroup } from "../../protocol/apis/join-group.ts";
import { SyncGroup } from "../../protocol/apis/sync-group.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Api, RequestInput, ResponseOf } from "../../protocol/schema.ts";

export type Command = "connect" | "enter" | "one more";
export type Report =
  | "connected"
  /** All are Stable; in milliseconds since the command, when half and all of them had heard of the rebalance. */
  | { readonly heardMs: number; readonly allHeardMs: number; readonly stableMs: number };

const [bootstrapServers, members] = [process.argv[2]!, Number(process.argv[3])];
const sessionTimeoutMs = 45_000;
const metadata = new Uint8Array(200);
const terms = {
  groupId: "crowd",
  sessionTimeoutMs,
  rebalanceTimeoutMs: 300_000,
  protocolType: "consumer",
  protocols: [{ name: "range", metadata }],
};
const cluster = openCluster(readConfig("consumer", { bootstrapServers, groupId: terms.groupId }));
const heard: number[] = [];
let beganMs = 0;
let size = members;
let stable = 0;

function ask<A extends Api>(lane: string, api: A, request: RequestInput<A>): Promise<ResponseOf<A>> {
  return cluster.send({ group: terms.groupId }, api, request, { lane, timeoutMs: 300_000 });
}

async function live(lane: string): Promise<void> {
  for (let memberId = ""; ; ) {
    const join = await cluster.send(
      { group: terms.groupId },
      JoinGroup,
      { ...terms, memberId },
      {
        lane,
        timeoutMs: 300_000,
        versions: [3, 3], // without the second round trip for a member id
      },
    );
    memberId = join.memberId;
    const who = { groupId: terms.groupId, memberId, generationId: join.generationId };
    const assignments = join.members.map((member) => ({ memberId: member.memberId, assignment: metadata }));
    const { errorCode } = await ask(lane, SyncGroup, {
      ...who,
      protocolType: "consumer",
      protocolName: "range",
      assignments,
    });
    if (errorCode === ErrorCode.NONE) becameStable();
    await rebalanced(lane, who);
    heard.push(performance.now() - beganMs);
  }
}

async function rebalanced(lane: string, who: { groupId: string; memberId: string; generationId: number }) {
  for (;;) {
    const { errorCode } = await ask(lane, Heartbeat, { ...who, maxWaitMs: sessionTimeoutMs / 3 });
    if (errorCode !== ErrorCode.NONE) return;
  }
}

function becameStable(): void {
  stable++;
  if (stable < size) return;
  heard.sort((a, b) => a - b);
  const report: Report = {
    heardMs: heard[Math.floor(heard.length / 2)] ?? 0,
    allHeardMs: heard.at(-1) ?? 0,
    stableMs: performance.now() - beganMs,
  };
  process.send!(report);
}

const does: Readonly<Record<Command, () => Promise<unknown>>> = {
  connect: async () => {
    await cluster.coordinatorOf({ group: terms.groupId });
    const lanes = Array.from({ length: members + 1 }, (_, at) => `${at}`);
    await Promise.all(lanes.map((lane) => cluster.versions({ group: terms.groupId }, { lane, timeoutMs: 60_000 })));
    process.send!("connected" satisfies Report);
  },
  enter: async () => {
    beganMs = performance.now();
    await Promise.all(Array.from({ length: members }, (_, at) => live(`${at}`)));
  },
  "one more": async () => {
    beganMs = performance.now();
    heard.length = 0;
    stable = 0;
    size = members + 1;
    await live(`${members}`);
  },
};

process.on("message", (command) => void does[command as Command]());
