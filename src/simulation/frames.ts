/** Frames on their way, whole and without the size in front. */

/** @param pieces as an encoder made them. One alone is not copied: nobody writes there again (protocol/writer.ts). */
export function withoutSize(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!.subarray(4);
  const frame = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    frame.set(piece, at);
    at += piece.length;
  }
  return frame.subarray(4);
}
