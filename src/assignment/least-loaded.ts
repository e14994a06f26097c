/** Members by how many partitions they have, and among equals by number: a heap that tells where each member is. */
export class LeastLoaded {
  readonly #sizes: Int32Array;
  readonly #heap: number[];
  readonly #place: Int32Array;

  /**
   * @param sizes of each member; whoever changes one calls `changed`
   * @param place one number for each member, for the heap's own use; heaps without a common member may share it
   * @param members at least one
   */
  constructor(sizes: Int32Array, place: Int32Array, members: readonly number[]) {
    this.#sizes = sizes;
    this.#place = place;
    this.#heap = [...members];
    for (let index = 0; index < members.length; index++) place[members[index]!] = index;
    for (let index = (members.length >> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  get least(): number {
    return this.#heap[0]!;
  }

  has(member: number): boolean {
    return this.#heap[this.#place[member]!] === member;
  }

  changed(member: number): void {
    this.#rise(this.#place[member]!);
    this.#sink(this.#place[member]!);
  }

  isLess(a: number, b: number): boolean {
    const difference = this.#sizes[a]! - this.#sizes[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }

  #rise(from: number): void {
    const member = this.#heap[from]!;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.isLess(member, this.#heap[parent]!)) break;
      this.#put(this.#heap[parent]!, place);
      place = parent;
    }
    this.#put(member, place);
  }

  #sink(from: number): void {
    const member = this.#heap[from]!;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && this.isLess(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      if (!this.isLess(this.#heap[child]!, member)) break;
      this.#put(this.#heap[child]!, place);
      place = child;
    }
    this.#put(member, place);
  }

  #put(member: number, place: number): void {
    this.#heap[place] = member;
    this.#place[member] = place;
  }
}
