/** Of two in the middle, what lies between them. NaN, for what could not be measured, does not count. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[half - 0.5]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
