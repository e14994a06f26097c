/** Conversations with a transaction coordinator. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type TransactionState, transitions } from "../../src/transaction/transitions.ts";
import { testTranscripts, transcriptsIn } from "../support/transcripts.ts";
import { runTranscript } from "./support/transcript.ts";
import { turnsIn } from "./support/turns.ts";
import type { World } from "./support/world.ts";

const directory = join(import.meta.dirname, "transcripts");

testTranscripts(directory, runTranscript, (world: World) =>
  assert.deepEqual(world.replayed().shard.durable, world.durable),
);

test("together they take every transition, with producers of both versions of the protocol", () => {
  const idle: readonly string[] = ["Empty", "CompleteCommit", "CompleteAbort"];
  const wanted = Object.keys(transitions).flatMap((from) =>
    transitions[from as TransactionState].flatMap((to) => {
      // Before KIP-890 there is no end of what has not begun.
      const isNew = idle.includes(from) && to === "PrepareAbort";
      return [...(isNew ? [] : [`${from} → ${to}, v0`]), `${from} → ${to}, v2`];
    }),
  );
  const taken = new Set([...transcriptsIn(directory).values()].flatMap(turnsIn));
  assert.deepEqual([...taken].sort(), wanted.sort());
});
