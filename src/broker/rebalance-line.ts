import type { GroupRebalanceCompleted } from "../group/facts.ts";

/** Names that a line spells out; of more it tells the number. All of them are in the line's fields. */
const namesInLine = 10;

/** The one line of a rebalance: group, generations, who came and went, how long it took, and why. */
export function rebalanceLine(fact: GroupRebalanceCompleted): string {
  const { group, fromGeneration, toGeneration, members, joined, left, movedPartitions, durationMs, reason } = fact;
  const change = [
    joined.length > 0 ? `joined ${named(joined)}` : "",
    left.length > 0 ? `left ${named(left)}` : "",
    movedPartitions === undefined ? "" : `${counted(movedPartitions, "partition")} moved`,
  ].filter((part) => part !== "");
  const what = members === 0 ? "is empty" : `has ${counted(members, "member")}`;
  return (
    `group ${group} ${what} in generation ${toGeneration} (from ${fromGeneration}), ` +
    `${[...change, `took ${Math.round(durationMs)} ms`].join(", ")}: ${reason}`
  );
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function named(memberIds: readonly string[]): string {
  const more = memberIds.length - namesInLine;
  return memberIds.slice(0, namesInLine).join(" ") + (more > 0 ? ` and ${more} more` : "");
}
