import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertTransition, type ClassicState, transitions } from "../../src/group/classic/transitions.ts";
import { expected } from "./expected-state-events.ts";
import { outcome } from "./support/state-events.ts";

const states = Object.keys(transitions) as ClassicState[];

for (const event of expected) {
  test(`in every state: ${event.name}`, () => {
    for (const state of states) assert.equal(outcome(state, event), event[state], `${event.name} in ${state}`);
  });
}

test("a group turns to the states of the table and to no other", () => {
  for (const from of states) {
    const allowed: readonly ClassicState[] = transitions[from];
    for (const to of states) {
      if (allowed.includes(to)) assertTransition(from, to);
      else assert.throws(() => assertTransition(from, to), /cannot turn to/);
    }
  }
});

test("docs/group-states.md shows the tables as they are", () => {
  const path = join(import.meta.dirname, "../../docs/group-states.md");
  const text = document();
  if (process.env.REGROUP_UPDATE === "1") writeFileSync(path, text);
  else assert.equal(readFileSync(path, "utf8"), text);
});

function document(): string {
  return `# States of a classic group

Printed from \`src/group/classic/transitions.ts\` and \`test/group/expected-state-events.ts\` by
\`npm test -- test/group/states --update\`.

Dead is a group that is not there. Empty groups hold offsets only. A round is open from PreparingRebalance on;
PreparingRebalance waits for members to join, CompletingRebalance for the leader's plan, and Stable is what the log
knows: a crash in an open round leads back to the last Stable (or Empty) generation.

\`\`\`mermaid
stateDiagram-v2
${states.flatMap((from) => transitions[from].map((to) => `  ${from} --> ${to}`)).join("\n")}
\`\`\`

## Every event in every state

The group has a static leader a, a dynamic follower b, and someone who was given a member id and has not joined yet.
In PreparingRebalance a third member c waits for the others. What is answered stands first, then the state that comes
of it, if it is another one; a dash: nothing happens.

| | ${states.join(" | ")} |
|---|${states.map(() => "---|").join("")}
${expected.map((event) => `| ${event.name} | ${states.map((state) => event[state]).join(" | ")} |`).join("\n")}

## Where regroup departs from Kafka 4.3.1

\`test/group/side-by-side/run.ts\` asks both the same random things and finds no other differences.

- A commit whose every partition is refused for its metadata makes no group. Kafka lists an Empty one until it restarts.
- A group above group.max.size goes on as soon as the last member is sent away. Kafka waits for the rebalance timeout.
- A static member that comes back before its sync owes that sync itself. Kafka waits for the old member id, which never
  comes, and rebalances when the rebalance timeout runs out.
- What a static member subscribes to when it comes back (rule 31) counts at once, as it does in Kafka after a restart.
- An assignor that a member names twice counts once. Kafka counts it twice, and the group has no assignor.
- When the leader is gone the longest in of those that rejoined leads. Kafka takes the first in its hash table.
`;
}
