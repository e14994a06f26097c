import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Assignment,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Subscription,
  type TopicPartitions,
} from "../../src/protocol/consumer-protocol.ts";
import { ProtocolError } from "../../src/protocol/protocol-error.ts";
import { fromHex, toHex, vectorLines } from "../vectors.ts";

type Partitions = readonly (readonly [string, readonly number[]])[];

interface GoldenSubscription {
  readonly topics: string[];
  readonly userData: string | null;
  readonly owned: Partitions;
  readonly generation: number;
  readonly rackId: string | null;
}

interface GoldenAssignment {
  readonly partitions: Partitions;
  readonly userData: string | null;
}

interface GoldenLine {
  readonly what: string;
  readonly note?: string;
  readonly version?: number;
  readonly input?: GoldenSubscription & GoldenAssignment;
  readonly decoded?: GoldenSubscription & GoldenAssignment;
  readonly error?: string;
  readonly hex: string;
}

const partitionsOf = (list: Partitions): TopicPartitions[] =>
  list.map(([topic, partitions]) => ({ topic, partitions: [...partitions] }));
const userDataOf = (hex: string | null): Uint8Array | null => (hex === null ? null : fromHex(hex));

const subscriptionOf = ({ topics, userData, owned, generation, rackId }: GoldenSubscription): Subscription => ({
  topics,
  userData: userDataOf(userData),
  ownedPartitions: partitionsOf(owned),
  generationId: generation,
  rackId,
});

const assignmentOf = ({ partitions, userData }: GoldenAssignment): Assignment => ({
  assignedPartitions: partitionsOf(partitions),
  userData: userDataOf(userData),
});

const lines = vectorLines<GoldenLine>("protocol/consumer-protocol.jsonl");

test("subscriptions are written as Java writes them, and read as Java reads them", () => {
  for (const { input, version, decoded, hex } of lines.filter(({ what }) => what === "subscription")) {
    if (input !== undefined) assert.equal(toHex(encodeSubscription(subscriptionOf(input), version)), hex);
    if (decoded !== undefined) assert.deepEqual(decodeSubscription(fromHex(hex)), subscriptionOf(decoded));
  }
});

test("assignments are written as Java writes them, and read as Java reads them", () => {
  for (const { input, version, decoded, hex } of lines.filter(({ what }) => what === "assignment")) {
    if (input !== undefined) assert.equal(toHex(encodeAssignment(assignmentOf(input), version)), hex);
    if (decoded !== undefined) assert.deepEqual(decodeAssignment(fromHex(hex)), assignmentOf(decoded));
  }
});

test("a subscription that Java refuses is refused", () => {
  const refused = lines.filter(({ error }) => error !== undefined);
  assert.ok(refused.length >= 4);
  for (const { hex, note } of refused) assert.throws(() => decodeSubscription(fromHex(hex)), ProtocolError, note);
});
