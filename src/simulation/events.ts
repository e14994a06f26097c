/** What is to happen, in the order of time; what comes at one moment in the order in which it was asked for. */
export interface SimulatedEvent {
  readonly atMs: number;
  readonly order: number;
  /** Undefined once it was called off. */
  run: (() => void) | undefined;
}

export class EventQueue {
  readonly #heap: SimulatedEvent[] = [];
  /** When each of them is: numbers side by side are compared much faster than those within objects. */
  readonly #times: number[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(atMs: number, run: () => void): SimulatedEvent {
    const event = { atMs, order: this.#order++, run };
    const heap = this.#heap;
    const times = this.#times;
    let index = heap.length;
    heap.push(event);
    times.push(atMs);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (atMs >= times[parent]!) break; // of those at one moment it came last
      heap[index] = heap[parent]!;
      times[index] = times[parent]!;
      index = parent;
    }
    heap[index] = event;
    times[index] = atMs;
    return event;
  }

  /** Takes the first one out that was not called off. */
  next(): SimulatedEvent | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      this.#removeFirst();
      if (first.run !== undefined) return first;
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const times = this.#times;
    const last = heap.pop()!;
    const atMs = times.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBefore(child + 1, child)) child++;
      const childMs = times[child]!;
      if (childMs > atMs || (childMs === atMs && heap[child]!.order > last.order)) break;
      heap[index] = heap[child]!;
      times[index] = childMs;
      index = child;
    }
    heap[index] = last;
    times[index] = atMs;
  }

  #isBefore(one: number, other: number): boolean {
    const [oneMs, otherMs] = [this.#times[one]!, this.#times[other]!];
    return oneMs < otherMs || (oneMs === otherMs && this.#heap[one]!.order < this.#heap[other]!.order);
  }
}
