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
`;
}
