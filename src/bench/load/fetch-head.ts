/** The beginning of the answer to a Fetch v12 of one partition: the records themselves are never looked at. */
export interface FetchHead {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly recordsBytes: number;
}

/** @param answer its first 256 bytes or more, without its size. */
export function readFetchHead(answer: Buffer, topic: string): FetchHead {
  // correlation id, tags, throttle time, error, session; one topic, its name, one partition, its index
  const refused = answer.readInt16BE(9);
  if (refused !== 0) return { errorCode: refused, highWatermark: -1, recordsBytes: 0 };
  let at = 15 + 1 + 1 + topic.length + 1 + 4;
  const errorCode = answer.readInt16BE(at);
  const highWatermark = Number(answer.readBigInt64BE(at + 2));
  at += 2 + 8 + 8 + 8 + 1 + 4; // last stable offset, log start offset, no aborted transactions, preferred replica
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = answer[at++]!;
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return { errorCode, highWatermark, recordsBytes: Math.max(0, size - 1) };
}
