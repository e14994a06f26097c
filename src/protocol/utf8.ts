/**
 * UTF-8 for all codecs of this room. Plain JavaScript until a platform is installed; what is installed changes speed,
 * never bytes, so that one installation serves every broker of a process.
 *
 *     installUtf8(nodePlatform);
 */
import type { Platform } from "./platform.ts";

export type Utf8 = Pick<Platform, "utf8Decode" | "utf8Length" | "utf8Write">;

const replacement = 0xfffd;

/** UTF-8 text of bytes[start, end); malformed sequences become U+FFFD, one for each maximal part (as Java does). */
function decode(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let at = start;
  while (at < end) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      at++;
      continue;
    }
    const length =
      lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 1;
    let point = length === 1 ? replacement : lead & (0xff >> (length + 1));
    let taken = 1;
    while (taken < length) {
      const next = at + taken < end ? bytes[at + taken]! : 0;
      if (!continues(lead, taken, next)) {
        point = replacement;
        break;
      }
      point = (point << 6) | (next & 0x3f);
      taken++;
    }
    if (point >= 0xd800 && point <= 0xdfff) point = replacement; // Java takes an encoded surrogate as one part
    text += String.fromCodePoint(point);
    at += taken;
  }
  return text;
}

/** Is `next` a continuation byte that may stand after `lead`? No overlong forms, nothing past U+10FFFF. */
function continues(lead: number, index: number, next: number): boolean {
  if ((next & 0xc0) !== 0x80) return false;
  if (index > 1) return true;
  if (lead === 0xe0) return next >= 0xa0;
  if (lead === 0xf0) return next >= 0x90;
  if (lead === 0xf4) return next < 0x90;
  return true;
}

function byteLength(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit < 0xd800 || unit > 0xdfff) length += 2;
    else if (isPair(text, i)) {
      length += 2;
      i++;
    }
  }
  return length;
}

function write(text: string, into: Uint8Array, at: number): number {
  let to = at;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      into[to++] = unit;
    } else if (unit < 0x800) {
      into[to++] = 0xc0 | (unit >> 6);
      into[to++] = 0x80 | (unit & 0x3f);
    } else if (unit < 0xd800 || unit > 0xdfff) {
      into[to++] = 0xe0 | (unit >> 12);
      into[to++] = 0x80 | ((unit >> 6) & 0x3f);
      into[to++] = 0x80 | (unit & 0x3f);
    } else if (isPair(text, i)) {
      const point = text.codePointAt(i)!;
      i++;
      into[to++] = 0xf0 | (point >> 18);
      into[to++] = 0x80 | ((point >> 12) & 0x3f);
      into[to++] = 0x80 | ((point >> 6) & 0x3f);
      into[to++] = 0x80 | (point & 0x3f);
    } else {
      into[to++] = 0x3f; // "?", as Java's encoder writes a lone surrogate
    }
  }
  return to - at;
}

function isPair(text: string, index: number): boolean {
  const low = text.charCodeAt(index + 1); // NaN at the end
  return text.charCodeAt(index) < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;
}

export const plainUtf8: Utf8 = { utf8Decode: decode, utf8Length: byteLength, utf8Write: write };

/** What the codecs call. */
export let utf8: Utf8 = plainUtf8;

export function installUtf8(platform: Utf8): void {
  utf8 = platform;
}
