import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertTransition, type MemberState, transitions } from "../../../src/client/member/member-state.ts";

const states = Object.keys(transitions) as MemberState[];

test("a member turns to the states of the table and to no other", () => {
  for (const from of states) {
    const allowed: readonly MemberState[] = transitions[from];
    for (const to of states) {
      if (allowed.includes(to)) assertTransition(from, to);
      else assert.throws(() => assertTransition(from, to), /cannot turn to/);
    }
  }
});

test("docs/member-states.md shows the table as it is", () => {
  const path = join(import.meta.dirname, "../../../docs/member-states.md");
  const text = document();
  if (process.env.REGROUP_UPDATE === "1") writeFileSync(path, text);
  else assert.equal(readFileSync(path, "utf8"), text);
});

/** Every state may end in these: they are told in words, or nobody could read the picture. */
const waysOut: ReadonlySet<MemberState> = new Set(["Unjoined", "Leaving", "Failed"]);

function document(): string {
  const drawn = states.flatMap((from) =>
    transitions[from].filter((to) => from === "Leaving" || !waysOut.has(to)).map((to) => `  ${from} --> ${to}`),
  );
  return `# States of a group's member

Printed from \`src/client/member/member-state.ts\` by \`npm test -- test/client/member/states --update\`.

| state | what the member waits for |
|---|---|
| Unjoined | a subscription, and the application's first poll; after max.poll.interval.ms the next one |
| Preparing | the application gives up what may not be kept while joining (below) |
| Joining | the coordinator, and its answer to the join: all others have joined too |
| Planning | the leader only: fresh metadata of all topics of the group |
| Syncing | its part of the plan |
| Revoking | cooperative only: the application gives up what the plan took away |
| Stable | the next rebalance; partitions are read |
| Leaving | the application gives up everything, then the coordinator hears of it |
| Failed | \`close\`: fenced, not allowed, or refused for good |
| Closed | nothing |

\`\`\`mermaid
stateDiagram-v2
${drawn.join("\n")}
\`\`\`

What is given up in Preparing: everything, if the member is eager or has lost its membership; if it is cooperative, the
partitions of topics that it is subscribed to no more.

Not drawn: from every state before it, Leaving (close, no subscription); from every state in or on the way into a group,
Failed (an error that trying again cannot mend) and Unjoined (max.poll.interval.ms has passed).

The coordinator is looked for beside all this, whenever one is needed and none is known: it may move while the
membership stays. The application's callbacks run beside it too, one after the other; what waits for one of them is
Preparing, Revoking and Leaving.
`;
}
