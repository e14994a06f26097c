import { during, until } from "../until.ts";
import type { Value } from "../wire/codec.ts";
import { Connection, ConnectionClosed } from "../wire/connection.ts";
import { errorName } from "../wire/errors.ts";
import { subscription } from "../wire/subscription.ts";
import { type Draw, seeded } from "./draw.ts";

/** A client of the group: what it believes of itself, right or wrong. */
interface Client {
  name: string;
  connection: Connection;
  instanceId: string | null;
  memberId: string;
  generationId: number;
  protocolName: string;
  /** The members that it was told of as a leader. */
  members: string[];
  busy: boolean;
}

type Step = (life: GroupLife, client: Client, draw: Draw) => Promise<string> | undefined;

/**
 * A random life of one group with three clients, told line by line: each request, what is answered then, and the group
 * as it is described after it. Timeouts are long, so that only requests move the group; the same seed gives the same
 * requests, and on two brokers that do the same the same lines.
 */
export class GroupLife {
  readonly groupId: string;
  readonly topic: string;
  readonly clients: Client[] = [];
  private readonly address: string;
  private readonly draw: Draw;
  private admin: Connection;
  private readonly told: string[] = [];
  private readonly names = new Map<string, string>();
  private answers: string[] = [];
  private steps = 0;

  static async begin(address: string, seed: number, topic: string): Promise<GroupLife> {
    const life = new GroupLife(address, seed, topic, await Connection.open(address));
    const statics = life.draw.below(4);
    for (const [index, name] of ["a", "b", "c"].entries()) {
      const instanceId = index < statics ? `instance-${name}` : null;
      const connection = await Connection.open(address, name);
      const nothing = { memberId: "", generationId: -1, protocolName: "range", members: [], busy: false };
      life.clients.push({ name, connection, instanceId, ...nothing });
    }
    return life;
  }

  private constructor(address: string, seed: number, topic: string, admin: Connection) {
    this.address = address;
    this.groupId = `life-${seed}-${Date.now()}`;
    this.topic = topic;
    this.draw = seeded(seed);
    this.admin = admin;
  }

  async step(): Promise<void> {
    const { draw } = this;
    const number = this.steps++;
    const [name, act] = draw.oneOf(acts);
    const first = draw.below(3);
    const inner = draw.fork(); // whatever an act draws, the next step is the same
    const turn = [0, 1, 2].map((i) => this.clients[(first + i) % 3] as Client);
    const client = turn.find(({ busy }) => !busy) ?? (turn[0] as Client);
    const title = `${number} ${client.name} ${name}`;
    this.answers = [];
    if (client.busy || name === "restart") await this.restart(client);
    else {
      const answered = this.begin(client, title, act(this, client, inner));
      const parks = act === join || act === sync; // these are answered soon or not yet
      await (parks ? Promise.race([answered, during(200, async () => {})]) : answered);
    }
    await this.settle();
    this.told.push(title, ...this.answers.sort(), `    ${await this.described()}`);
  }

  /** After a restart of the broker: everybody connects again and remembers who it is. */
  async reconnect(): Promise<void> {
    this.admin = await Connection.open(this.address);
    for (const client of this.clients) {
      await client.connection.closed;
      client.connection = await Connection.open(this.address, client.name);
    }
    this.told.push("the broker has restarted", `    ${await this.described()}`);
  }

  end(): string[] {
    for (const { connection } of this.clients) connection.close();
    this.admin.close();
    return this.told;
  }

  /** A name for a member id that is the same on every broker: in the order in which they are first seen. */
  named(memberId: string): string {
    if (!/-[0-9a-f]{8}-/.test(memberId)) return memberId;
    const known = this.names.get(memberId) ?? `${memberId.slice(0, -37)}#${this.names.size}`;
    this.names.set(memberId, known);
    return known;
  }

  private begin(client: Client, title: string, answer: Promise<string> | undefined): Promise<void> | undefined {
    client.busy = answer !== undefined;
    const done = (text: string) => {
      client.busy = false;
      this.answers.push(`  ${title}: ${text}`);
    };
    return answer?.then(done, (error) => done(error instanceof ConnectionClosed ? "closed" : String(error)));
  }

  /** The process ends and begins again: a parked request is lost, a dynamic member has no id any more. */
  private async restart(client: Client): Promise<void> {
    client.memberId = "";
    if (client.instanceId === null) client.generationId = -1;
    client.connection.close();
    await client.connection.closed;
    client.connection = await Connection.open(this.address, client.name);
    client.busy = false;
  }

  /** Awaits that the broker has done what it was asked for: other requests about the group are answered behind it. */
  private async settle(): Promise<void> {
    const groups = [this.groupId];
    await during(50, async () => void (await this.admin.ask("DescribeGroups", { groups }, 5)));
  }

  private async described(): Promise<string> {
    const { groups } = await this.admin.ask("DescribeGroups", { groups: [this.groupId] }, 5);
    const { groupState, protocolType, protocolData, members } = groups[0];
    const each = members.map(({ memberId, groupInstanceId, memberAssignment }: Value) =>
      [this.named(memberId), groupInstanceId, memberAssignment].join("/"),
    );
    const { groups: all } = await this.admin.ask(
      "OffsetFetch",
      { groups: [{ groupId: this.groupId, topics: null }] },
      8,
    );
    const offsets = all[0].topics.flatMap(({ partitions }: Value) =>
      partitions.map(({ partitionIndex, committedOffset }: Value) => `${partitionIndex}:${committedOffset}`),
    );
    return `= ${groupState} ${protocolType} ${protocolData} [${each.sort().join(" ")}] ${offsets.sort().join(" ")}`;
  }
}

/** Mostly the right value, now and then a wrong one. */
const mostly = <T>(draw: Draw, right: T, ...wrong: T[]): T => (draw.chance(0.9) ? right : draw.oneOf(wrong));

const join: Step = async (life, client, draw) => {
  const version = client.instanceId === null ? draw.below(10) : 5 + draw.below(5);
  const assignors = draw.oneOf([["range"], ["range", "sticky"], ["sticky", "range"], ["range"], ["sticky"]]);
  const metadata = subscription(mostly(draw, life.topic, "another"));
  const stranger = draw.oneOf(["stranger", "", ...life.clients.map(({ memberId }) => memberId)]);
  const request = {
    groupId: life.groupId,
    memberId: mostly(draw, client.memberId, stranger),
    groupInstanceId: mostly(draw, client.instanceId, "unknown", null),
    sessionTimeoutMs: 120_000,
    rebalanceTimeoutMs: 120_000,
    protocolType: draw.chance(0.96) ? "consumer" : "connect",
    protocols: assignors.map((name) => ({ name, metadata })),
  };
  const answer = await client.connection.ask("JoinGroup", request, version);
  const { errorCode, memberId, generationId, protocolName, leader } = answer;
  if (errorCode === 0 || errorCode === 79) client.memberId = memberId;
  const members = answer.members.map((each: Value) => each.memberId);
  if (errorCode === 0) Object.assign(client, { generationId, protocolName, members });
  const told = members.map((each: string) => life.named(each)).sort();
  const what = `${errorName(errorCode)} generation ${generationId} ${answer.protocolType} ${protocolName}`;
  const who = `me ${life.named(memberId)} leader ${life.named(leader)}`;
  return `v${version} ${what} ${who} ${answer.skipAssignment} [${told}]`;
};

const sync: Step = async (life, client, draw) => {
  const version = draw.below(6);
  const request = {
    groupId: life.groupId,
    memberId: mostly(draw, client.memberId, "stranger"),
    generationId: mostly(draw, client.generationId, client.generationId + 1, client.generationId - 1),
    groupInstanceId: mostly(draw, client.instanceId, "unknown"),
    protocolType: "consumer",
    protocolName: mostly(draw, client.protocolName, "unheard", null),
    assignments: client.members.map((memberId) => ({
      memberId,
      assignment: Buffer.from(`for ${life.named(memberId)}`),
    })),
  };
  const answer = await client.connection.ask("SyncGroup", request, version);
  return `v${version} ${errorName(answer.errorCode)} ${answer.protocolName} "${answer.assignment}"`;
};

const heartbeat: Step = async (life, client, draw) => {
  const version = draw.below(5);
  const request = {
    groupId: life.groupId,
    memberId: mostly(draw, client.memberId, "stranger"),
    generationId: mostly(draw, client.generationId, client.generationId + 1, client.generationId - 1),
    groupInstanceId: mostly(draw, client.instanceId, "unknown"),
  };
  return `v${version} ${errorName((await client.connection.ask("Heartbeat", request, version)).errorCode)}`;
};

const leave: Step = async (life, client, draw) => {
  const version = draw.below(6);
  const memberId = mostly(draw, client.memberId, "stranger", "");
  const members = [{ memberId, groupInstanceId: mostly(draw, client.instanceId, "unknown") }];
  const request = { groupId: life.groupId, memberId, members: version < 3 ? [] : members };
  const answer = await client.connection.ask("LeaveGroup", version < 3 ? { ...request } : request, version);
  const each = (answer.members ?? []).map(({ errorCode }: Value) => errorName(errorCode));
  return `v${version} ${errorName(answer.errorCode)} [${each}]`;
};

const commit: Step = async (life, client, draw) => {
  const version = 2 + draw.below(8);
  const partitions = [{ partitionIndex: draw.below(3), committedOffset: draw.below(1000) }];
  const request = {
    groupId: life.groupId,
    memberId: mostly(draw, client.memberId, "stranger", ""),
    generationIdOrMemberEpoch: draw.chance(0.8) ? client.generationId : draw.oneOf([-1, client.generationId + 1]),
    groupInstanceId: mostly(draw, client.instanceId, "unknown"),
    topics: [{ name: life.topic, partitions }],
  };
  const answer = await client.connection.ask("OffsetCommit", request, version);
  return `v${version} ${errorName(answer.topics[0].partitions[0].errorCode)}`;
};

/** A transaction of one offset, from the first request to the marker. */
const commitInTransaction: Step = async (life, client, draw) => {
  const { connection } = client;
  const version = draw.below(6);
  const partitions = [{ partitionIndex: draw.below(3), committedOffset: draw.below(1000) }];
  const transactionalId = `${life.groupId}-${client.name}`;
  const untilNotBusy = (api: string, request: Value, of: number) =>
    until(`${api} finds the coordinator free`, async () => {
      const answer = await connection.ask(api, request, of);
      return ![14, 15, 16, 51].includes(answer.errorCode) && answer;
    });
  const init = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
  const { producerId, producerEpoch } = await untilNotBusy("InitProducerId", init, 5);
  const who = { transactionalId, producerId, producerEpoch };
  await untilNotBusy("AddOffsetsToTxn", { ...who, groupId: life.groupId }, 4);
  const request = {
    ...who,
    groupId: life.groupId,
    memberId: mostly(draw, client.memberId, "stranger", ""),
    generationId: draw.chance(0.8) ? client.generationId : draw.oneOf([-1, client.generationId + 1]),
    groupInstanceId: mostly(draw, client.instanceId, "unknown"),
    topics: [{ name: life.topic, partitions }],
  };
  const answer = await connection.ask("TxnOffsetCommit", request, version);
  const committed = draw.chance(0.7);
  await untilNotBusy("EndTxn", { ...who, committed }, 4);
  await until("the markers are written", async () => {
    const { transactionStates } = await connection.ask("DescribeTransactions", { transactionalIds: [transactionalId] });
    return /^Complete/.test(transactionStates[0].transactionState);
  });
  return `v${version} ${errorName(answer.topics[0].partitions[0].errorCode)} ${committed ? "commit" : "abort"}`;
};

const offsetDelete: Step = async (life, client, draw) => {
  const topics = [{ name: life.topic, partitions: [{ partitionIndex: draw.below(3) }] }];
  const answer = await client.connection.ask("OffsetDelete", { groupId: life.groupId, topics });
  const each = answer.topics.map(({ partitions }: Value) => errorName(partitions[0].errorCode));
  return `${errorName(answer.errorCode)} [${each}]`;
};

const deleteGroup: Step = async (life, client) => {
  const { results } = await client.connection.ask("DeleteGroups", { groupsNames: [life.groupId] });
  return errorName(results[0].errorCode);
};

const restart: Step = () => undefined; // by GroupLife itself

const acts: [string, Step][] = [
  ...Array(6).fill(["join", join]),
  ...Array(5).fill(["sync", sync]),
  ...Array(2).fill(["heartbeat", heartbeat]),
  ...Array(2).fill(["commit", commit]),
  ...Array(2).fill(["commit in a transaction", commitInTransaction]),
  ...Array(2).fill(["restart", restart]),
  ["leave", leave],
  ["offset delete", offsetDelete],
  ["delete group", deleteGroup],
];
