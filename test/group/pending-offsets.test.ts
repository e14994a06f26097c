/** Transactions, plain commits, deletions and restarts in any order, against a model that keeps log positions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { OffsetFetchedGroup } from "../../src/group/requests.ts";
import { ErrorCode, errorName } from "../../src/protocol/errors.ts";
import { assertReplaysToSameState } from "./support/replays.ts";
import { type Client, toRequest } from "./support/requests.ts";
import { parseCall } from "./support/script.ts";
import { World } from "./support/world.ts";

const groups = ["g", "h"];
const partitions = ["orders-0", "orders-1", "payments-0"];
const producers = [7, 8, 9];

/** Mostly one and the same offset, which is where transactions get into each other's way. */
const mostly = <T>(values: readonly T[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(values[0]!) }, fc.constantFrom(...values));
const group = mostly(groups);
const partition = mostly(partitions);
const producer = fc.constantFrom(...producers);
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("pend" as const), group, partition, producer }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("commit" as const), group, partition }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("end" as const), producer, commits: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete offset" as const), group, partition }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete group" as const), group }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete topic" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("refuse" as const), refuses: fc.boolean() }) },
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

interface Written {
  readonly offset: number;
  /** Where in the log. */
  readonly position: number;
}

/** What counts, told by positions as Kafka does: a marker sets nothing that is older than what is there. */
class Model {
  readonly committed = new Map<string, Written>();
  readonly pending = new Map<number, Map<string, Written>>(producers.map((id) => [id, new Map()]));

  end(producerId: number, commits: boolean): void {
    const ended = this.pending.get(producerId)!;
    for (const [key, written] of commits ? ended : []) {
      if ((this.committed.get(key)?.position ?? -1) < written.position) this.committed.set(key, written);
    }
    ended.clear();
  }

  delete(isDeleted: (key: string) => boolean): void {
    for (const offsets of [this.committed, ...this.pending.values()]) {
      for (const key of [...offsets.keys()]) if (isDeleted(key)) offsets.delete(key);
    }
  }

  told(key: string, stable: boolean): string {
    if (stable && this.isPending(key)) return `${key} UNSTABLE_OFFSET_COMMIT`;
    return `${key} = ${this.committed.get(key)?.offset ?? -1}`;
  }

  isPending(key: string): boolean {
    return [...this.pending.values()].some((offsets) => offsets.has(key));
  }
}

const weekMs = 7 * 24 * 3_600_000;
let decided = 0;
let overridden = 0;

class Run {
  readonly world = new World({ offsetsRetentionMs: weekMs, offsetsRetentionCheckIntervalMs: weekMs / 7 });
  readonly #model = new Model();
  readonly #client: Client = { name: "x", memberId: "", groupInstanceId: null, generation: -1 };
  #position = 0;

  do(act: Act): void {
    const { world } = this;
    const position = this.#position++;
    const isRefused = world.refusal !== undefined;
    switch (act.kind) {
      case "pend":
        this.#ask(`TxnCommit(group ${act.group}, producer ${act.producer}, ${act.partition} = ${position})`);
        if (isRefused) return;
        this.#model.pending.get(act.producer)!.set(keyOf(act), { offset: position, position });
        return;
      case "commit":
        this.#ask(`Commit(group ${act.group}, ${act.partition} = ${position})`);
        if (isRefused) return;
        if (this.#model.isPending(keyOf(act))) overridden++;
        this.#model.committed.set(keyOf(act), { offset: position, position });
        return;
      case "end":
        this.#ask(`End(producer ${act.producer}, ${act.commits ? "commit" : "abort"})`);
        if (isRefused) return;
        decided += this.#model.pending.get(act.producer)!.size;
        return this.#model.end(act.producer, act.commits);
      case "delete offset":
        this.#ask(`OffsetDelete(group ${act.group}, ${act.partition})`);
        return isRefused ? undefined : this.#model.delete((key) => key === keyOf(act));
      case "delete group":
        this.#ask(`Delete(group ${act.group})`);
        return isRefused ? undefined : this.#model.delete((key) => key.startsWith(`${act.group} `));
      case "delete topic":
        this.#ask("TopicsDeleted(orders)");
        return isRefused ? undefined : this.#model.delete((key) => key.includes(" orders-"));
      case "expire":
        world.advanceTo(world.nowMs + 2 * weekMs);
        return isRefused ? undefined : this.#model.delete((key) => !this.#model.isPending(key));
      case "restart":
        world.restart();
        return;
      case "refuse":
        world.refusal = act.refuses ? ErrorCode.NOT_LEADER_OR_FOLLOWER : undefined;
    }
  }

  assertAsModelled(): void {
    for (const group of groups) {
      for (const stable of [true, false]) {
        const fetched = this.#ask(`Fetch(group ${group}, ${stable ? "" : "unstable too, "}${partitions.join(", ")})`);
        const told = (fetched as OffsetFetchedGroup).topics.map(({ name, partitions: [one] }) =>
          one!.errorCode === ErrorCode.NONE
            ? `${group} ${name}-${one!.partitionIndex} = ${one!.committedOffset}`
            : `${group} ${name}-${one!.partitionIndex} ${errorName(one!.errorCode)}`,
        );
        assert.deepEqual(
          told,
          partitions.map((partition) => this.#model.told(keyOf({ group, partition }), stable)),
        );
      }
    }
  }

  #ask(source: string) {
    const { type, request } = toRequest(this.#client, parseCall(source), (name) => name);
    return this.world.ask(type, request as never);
  }
}

test("offsets count as the order of the log says, whatever the order of markers, deletions and restarts", () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 20, maxLength: 60 }), (acts) => {
      const run = new Run();
      for (const one of acts) {
        run.do(one);
        run.assertAsModelled();
      }
      assertReplaysToSameState(run.world);
    }),
    { numRuns: 500 },
  );
  assert.ok(decided > 500, `offsets that a marker decided: ${decided}`);
  assert.ok(overridden > 200, `pending offsets that a plain commit overrode: ${overridden}`);
});

function keyOf({ group, partition }: { readonly group: string; readonly partition: string }): string {
  return `${group} ${partition}`;
}
