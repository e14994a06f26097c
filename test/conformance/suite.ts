import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after } from "node:test";
import type { TargetName } from "./targets.ts";
import { during, until } from "./until.ts";
import type { Value } from "./wire/codec.ts";
import { Connection } from "./wire/connection.ts";
import { errorName } from "./wire/errors.ts";

export { during, until };

/** Which broker is asked, and where its two instances listen (run.ts starts them). */
export const targetName = fromRunner("CONFORMANCE_TARGET") as TargetName;
export const main = fromRunner("CONFORMANCE_MAIN");
export const tight = fromRunner("CONFORMANCE_TIGHT");

function fromRunner(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start the suite by test/conformance/run.ts`);
  return value;
}

const opened: Connection[] = [];
after(() => {
  for (const connection of opened) connection.close();
});

/** A connection that ends with the test file. */
export async function open(address = main, clientId?: string): Promise<Connection> {
  const connection = await Connection.open(address, clientId);
  opened.push(connection);
  return connection;
}

/** A name that no other test uses. */
export function fresh(what: string): string {
  return `${what}-${randomBytes(6).toString("hex")}`;
}

/** The answer carries this error and no other. */
export function refused(answer: Value, name: string): void {
  assert.equal(errorName(answer.errorCode), name, show(answer));
}

/** The answer carries no error. */
export function accepted(answer: Value): Value {
  assert.equal(errorName(answer.errorCode), "NONE", show(answer));
  return answer;
}

function show(answer: Value): string {
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);
  return `answered ${JSON.stringify(answer, plain).slice(0, 600)}`;
}

export interface Topic {
  name: string;
  id: string;
}

/** Creates a topic and awaits that the broker leads its partitions. */
export async function createTopic(
  connection: Connection,
  partitions = 1,
  configs: Record<string, string> = {},
  name = fresh("topic"),
): Promise<Topic> {
  const configList = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
  const topic = { name, numPartitions: partitions, replicationFactor: 1, configs: configList };
  const answer = await connection.ask("CreateTopics", { topics: [topic], timeoutMs: 10_000 });
  accepted(answer.topics[0]);
  const indexes = Array.from({ length: answer.topics[0].numPartitions }, (_, partitionIndex) => partitionIndex);
  const ends = indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -1 }));
  await until(`topic ${name} has leaders`, async () => {
    const { topics } = await connection.ask("ListOffsets", { topics: [{ name, partitions: ends }] });
    return topics[0].partitions.every((each: Value) => each.errorCode === 0);
  });
  return { name, id: answer.topics[0].topicId };
}

/** Produces to a partition with acks -1. @returns the answer for that partition. */
export async function produce(
  connection: Connection,
  topic: Topic,
  records: Uint8Array | null,
  { partition = 0, acks = -1, version = 13 } = {},
): Promise<Value> {
  const partitionData = [{ index: partition, records }];
  const topicData = [{ name: topic.name, topicId: topic.id, partitionData }];
  const answer = await connection.ask("Produce", { acks, timeoutMs: 10_000, topicData }, version);
  return answer.responses[0].partitionResponses[0];
}

/** Fetches from one partition, without a session. @returns the answer for that partition. */
export async function fetch(
  connection: Connection,
  topic: Topic,
  fetchOffset: number | bigint,
  set: Value = {},
  version = 18,
): Promise<Value> {
  const { partition = 0, partitionMaxBytes = 1_000_000, currentLeaderEpoch = -1, ...request } = set;
  const partitions = [{ partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch }];
  const topics = [{ topic: topic.name, topicId: topic.id, partitions }];
  const body = { maxWaitMs: 0, minBytes: 1, ...request, topics };
  const answer = await connection.ask("Fetch", body, version);
  refused({ errorCode: 0, ...answer }, "NONE"); // versions below 7 have no error of the whole
  return answer.responses[0].partitions[0];
}
