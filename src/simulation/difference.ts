/** Where two values differ, in words; undefined when they are the same. */
export function firstDifference(a: unknown, b: unknown, at = ""): string | undefined {
  if (a === b) return undefined;
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    const isSame = a.length === b.length && a.every((byte, index) => byte === b[index]);
    return isSame ? undefined : `${at}: other bytes`;
  }
  if (a instanceof Map && b instanceof Map) {
    for (const key of new Set([...a.keys(), ...b.keys()])) {
      const found = firstDifference(a.get(key), b.get(key), `${at}/${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return `${at}: ${a} and ${b}`;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return `${at}: ${keys} and ${Object.keys(b)}`;
  for (const key of keys) {
    const [one, other] = [a[key as keyof object], b[key as keyof object]];
    const found = one === other ? undefined : firstDifference(one, other, `${at}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
