/** UUIDs as Kafka shows them: 16 bytes as 22 characters of base64url without padding. */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const digitCodes = Uint8Array.from(alphabet, (character) => character.charCodeAt(0));
const digitOfCode = new Int8Array(128).fill(-1);
digitCodes.forEach((code, digit) => {
  digitOfCode[code] = digit;
});

/** Text of the 16 bytes at `at`. */
export function uuidText(bytes: Uint8Array, at = 0): string {
  let text = "";
  for (let i = at; i < at + 15; i += 3) {
    const group = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    text += String.fromCharCode(
      digitCodes[group >> 18]!,
      digitCodes[(group >> 12) & 63]!,
      digitCodes[(group >> 6) & 63]!,
      digitCodes[group & 63]!,
    );
  }
  const last = bytes[at + 15]!;
  return text + String.fromCharCode(digitCodes[last >> 2]!, digitCodes[(last & 3) << 4]!);
}

/** Writes the 16 bytes of a UUID's text at `at`. @returns false when it is no such text; then nothing counts. */
export function writeUuid(text: string, into: Uint8Array, at: number): boolean {
  if (text.length !== 22) return false;
  let wrong = 0;
  let to = at;
  for (let i = 0; i < 20; i += 4) {
    const a = digit(text, i);
    const b = digit(text, i + 1);
    const c = digit(text, i + 2);
    const d = digit(text, i + 3);
    wrong |= a | b | c | d;
    into[to++] = (a << 2) | (b >> 4);
    into[to++] = (b << 4) | (c >> 2);
    into[to++] = (c << 6) | d;
  }
  const a = digit(text, 20);
  const b = digit(text, 21);
  into[to] = (a << 2) | (b >> 4);
  return (wrong | a | b) >= 0;
}

/** @throws {RangeError} when `text` is not a UUID. */
export function uuidBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  if (!writeUuid(text, bytes, 0))
    throw new RangeError(`not a uuid of 22 base64url characters: ${JSON.stringify(text)}`);
  return bytes;
}

function digit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? digitOfCode[code]! : -1;
}
