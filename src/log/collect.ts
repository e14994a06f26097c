/** Where a batch lies, and which offsets it holds; a BatchView tells it too. */
export interface BatchPlace {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly sizeInBytes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
}

/** Gathers whole batches for one read; neighbours in one buffer become one chunk, and large ones are not copied. */
export class ChunkCollector {
  readonly #chunks: Uint8Array[] = [];
  bytes = 0;
  /** Offset behind the last batch taken. */
  nextOffset: number;
  readonly #maxBytes: number;
  readonly #limitOffset: number;
  #atLeastOne: boolean;
  #run: { readonly buffer: Uint8Array; readonly start: number; end: number } | undefined;

  /** @param limitOffset batches from this offset on are not taken. */
  constructor(fromOffset: number, limitOffset: number, options: { maxBytes: number; atLeastOne: boolean }) {
    this.nextOffset = fromOffset;
    this.#limitOffset = limitOffset;
    this.#maxBytes = options.maxBytes;
    this.#atLeastOne = options.atLeastOne;
  }

  /** Bytes that may still be taken. */
  get room(): number {
    return this.#maxBytes - this.bytes;
  }

  /** May the next batch be taken whatever its size? */
  get mustTake(): boolean {
    return this.#atLeastOne;
  }

  /** @returns false when the batch is not taken, and none behind it will be. */
  take({ bytes: buffer, at, sizeInBytes: size, baseOffset, lastOffset }: BatchPlace): boolean {
    if (baseOffset >= this.#limitOffset || (size > this.room && !this.#atLeastOne)) return false;
    this.#atLeastOne = false;
    this.bytes += size;
    this.nextOffset = lastOffset + 1;
    const run = this.#run;
    if (run?.buffer === buffer && run.end === at) run.end = at + size;
    else {
      this.#endRun();
      this.#run = { buffer, start: at, end: at + size };
    }
    return true;
  }

  finish(): readonly Uint8Array[] {
    this.#endRun();
    return mergeSmall(this.#chunks);
  }

  #endRun(): void {
    if (this.#run === undefined) return;
    const { buffer, start, end } = this.#run;
    this.#chunks.push(start === 0 && end === buffer.length ? buffer : buffer.subarray(start, end));
    this.#run = undefined;
  }
}

/** A piece below this size costs more to pass on than to copy. */
const smallBytes = 8 * 1024;
const mergedBytes = 256 * 1024;

/** The same bytes in fewer pieces: runs of small ones are copied together. */
export function mergeSmall(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  if (pieces.length < 2) return pieces;
  const merged: Uint8Array[] = [];
  let run: Uint8Array[] = [];
  let runBytes = 0;
  const endRun = () => {
    if (run.length === 1) merged.push(run[0]!);
    if (run.length > 1) {
      const together = new Uint8Array(runBytes);
      let at = 0;
      for (const piece of run) {
        together.set(piece, at);
        at += piece.length;
      }
      merged.push(together);
    }
    run = [];
    runBytes = 0;
  };
  for (const piece of pieces) {
    const small = piece.length < smallBytes;
    if (!small || runBytes + piece.length > mergedBytes) endRun();
    if (small) {
      run.push(piece);
      runBytes += piece.length;
    } else merged.push(piece);
  }
  endRun();
  return merged;
}
