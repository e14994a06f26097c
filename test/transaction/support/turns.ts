/** The transitions that a transcript takes, with the version of the protocol that the producer speaks. */

interface Standing {
  readonly state: string;
  readonly version: string;
}

/** @returns such as "Empty → Ongoing, v0". */
export function turnsIn(transcript: string): string[] {
  const turns: string[] = [];
  const standing = new Map<string, Standing>();
  let cause = "";
  for (const line of transcript.split("\n")) {
    cause = /( → .*|timer .*)$/.exec(line)?.[1] ?? cause;
    const [, planted, as] = /— (\S+) was (\w+) of /.exec(line) ?? [];
    if (planted !== undefined) standing.set(planted, { state: as!, version: "v0" });
    const after = saved(line);
    if (after === undefined) continue;
    const before = standing.get(after.id);
    if (after.state === "Dead") standing.delete(after.id);
    else standing.set(after.id, after);
    if (before === undefined) continue; // an id is made, which is no transition
    // Producers say their version; what the coordinator does by itself is done to the one who was there.
    const version = / → (Add|Commit|Abort)\(?/.test(cause) ? after.version : before.version;
    for (const [from, to] of steps(before.state, after.state, cause)) turns.push(`${from} → ${to}, ${version}`);
  }
  return turns;
}

function saved(line: string): (Standing & { readonly id: string }) | undefined {
  const [, gone] = /log Transaction\((\S+)\) tombstone/.exec(line) ?? [];
  if (gone !== undefined) return { id: gone, state: "Dead", version: "" };
  const [, id, state, version] = /log Transaction\((\S+), (\w+), .*?(v\d)/.exec(line) ?? [];
  return id === undefined ? undefined : { id, state: state!, version: version! };
}

/** PrepareEpochFence is in no log: the coordinator goes through it when it aborts what its producer did not end. */
function steps(from: string, to: string, cause: string): [string, string][] {
  const isFenced = from === "Ongoing" && to === "PrepareAbort" && !cause.includes("Abort");
  if (!isFenced) return [[from, to]];
  return [
    [from, "PrepareEpochFence"],
    ["PrepareEpochFence", to],
  ];
}
