/**
 * Where in the slabs a partition's latest appends lie, oldest first: numbers in one array, no object for each append.
 * Entries up to `written` also lie in segment files. The array is a plain one: a small typed one has memory outside of
 * the heap, which costs V8 more than what it holds.
 */
const stride = 4; // base offset, address, length, bytes of the partition before it
/** So many forgotten entries, and half of all, are worth a copy of the others. */
const fewForgotten = 16;

export class Tail {
  #data: number[] = [];
  #first = 0;
  /** Entries, from the first one on, that segment files hold too. */
  written = 0;
  /** Bytes ever added. */
  totalBytes = 0;

  get length(): number {
    return this.#data.length / stride - this.#first;
  }
  baseOffset(index: number): number {
    return this.#data[(this.#first + index) * stride]!;
  }
  address(index: number): number {
    return this.#data[(this.#first + index) * stride + 1]!;
  }
  bytes(index: number): number {
    return this.#data[(this.#first + index) * stride + 2]!;
  }
  /** Bytes that were added before this entry. */
  bytesBefore(index: number): number {
    return this.#data[(this.#first + index) * stride + 3]!;
  }

  add(baseOffset: number, address: number, bytes: number): void {
    if (this.#first >= fewForgotten && this.#first >= this.length) {
      this.#data = this.#data.slice(this.#first * stride);
      this.#first = 0;
    }
    this.#data.push(baseOffset, address, bytes, this.totalBytes);
    this.totalBytes += bytes;
  }

  /** Index of the entry that holds `offset`, or -1 when it lies before the first entry. */
  find(offset: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.baseOffset(middle) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Forgets written entries whose bytes lie below `address`. */
  dropBelow(address: number): void {
    while (this.written > 0 && this.address(0) < address) {
      this.#first++;
      this.written--;
    }
    if (this.length === 0 && this.#data.length > 4 * stride) this.clear();
  }

  /** Forgets written entries in front of `offset`: compaction has changed what files say there. */
  dropBefore(offset: number): void {
    while (this.written > 0 && this.baseOffset(0) < offset) {
      this.#first++;
      this.written--;
    }
  }

  /** Forgets the entries from `offset` on. */
  truncate(offset: number): void {
    while (this.length > 0 && this.baseOffset(this.length - 1) >= offset) this.#data.length -= stride;
    this.written = Math.min(this.written, this.length);
  }

  clear(): void {
    this.#data = [];
    this.#first = 0;
    this.written = 0;
  }
}
