import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertTransition, states, type TransactionState, transitions } from "../../src/transaction/transitions.ts";
import { expected, type LastingState } from "./expected-outcomes.ts";
import { outcome } from "./support/outcome.ts";

const lasting = states.filter((state): state is LastingState => state !== "PrepareEpochFence");

for (const event of expected) {
  test(`in every state: ${event.event}`, () => {
    for (const state of lasting) assert.equal(outcome(state, event), event[state], `${event.event} in ${state}`);
  });
}

test("a transactional id turns to the states of the table and to no other", () => {
  for (const from of states) {
    const allowed: readonly TransactionState[] = transitions[from];
    for (const to of states) {
      if (allowed.includes(to)) assertTransition(from, to);
      else assert.throws(() => assertTransition(from, to), /cannot turn to/);
    }
  }
});

test("docs/transaction-states.md shows the tables as they are", () => {
  const path = join(import.meta.dirname, "../../docs/transaction-states.md");
  const text = document();
  if (process.env.REGROUP_UPDATE === "1") writeFileSync(path, text);
  else assert.equal(readFileSync(path, "utf8"), text);
});

function document(): string {
  return `# States of a transactional id

Printed from \`src/transaction/transitions.ts\` and \`test/transaction/expected-outcomes.ts\` by
\`npm test -- test/transaction/states --update\`.

Dead is an id that nobody knows, or that has expired. A transaction is Ongoing from its first partition on. In
PrepareCommit and PrepareAbort its end is decided and durable; its markers are being written, also by whoever
coordinates it after a crash. Complete it is when they stand in all of its partitions. PrepareEpochFence is the moment
in which the coordinator takes a transaction from its producer; it is in no log.

\`\`\`mermaid
stateDiagram-v2
${states.flatMap((from) => transitions[from].map((to) => `  ${from} --> ${to}`)).join("\n")}
\`\`\`

## Every event in every state

Producer 7 in epoch 3 is the current one and asks, where nothing else is said. What is answered stands first (an id and
an epoch, or an error), then the state that comes of it, if it is another one; a dash: nothing happens. EndTxn v5 is
that of transaction.version 2 (KIP-890): with the end of each transaction the epoch grows.

| | ${lasting.join(" | ")} |
|---|${lasting.map(() => "---|").join("")}
${expected.map((event) => `| ${event.event} | ${lasting.map((state) => event[state]).join(" | ")} |`).join("\n")}

\`test/transaction/side-by-side/run.ts\` asks a real Kafka 4.3.1 and regroup the same random things, and finds no
difference in what is answered, in the states, in the partitions, and in what the coordinator writes.
`;
}
