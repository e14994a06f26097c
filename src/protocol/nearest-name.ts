/** What somebody may have meant who mistyped a name. */

/** The name that takes the fewest edits, if it takes few. */
export function nearestOf(
  name: string,
  names: readonly string[],
  maxEdits = Math.max(2, Math.floor(name.length / 3)),
): string | undefined {
  let best: string | undefined;
  let fewest = maxEdits + 1;
  for (const each of names) {
    const count = edits(name.toLowerCase(), each.toLowerCase());
    if (count < fewest) {
      fewest = count;
      best = each;
    }
  }
  return best;
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1)!;
}
