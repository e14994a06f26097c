/**
 * Deadlines in one heap. Moving a deadline later (every heartbeat does) only writes a number: the timer sinks to its
 * new place once it stands on top.
 */
export class Timer<Purpose> {
  readonly purpose: Purpose;
  /** When it is due; Infinity while it is not set. */
  dueMs = Number.POSITIVE_INFINITY;
  /** Where it stands in the heap, by which key; -1 when it is not there. Only TimerHeap writes these. */
  index = -1;
  keyMs = Number.POSITIVE_INFINITY;

  constructor(purpose: Purpose) {
    this.purpose = purpose;
  }

  get isSet(): boolean {
    return this.dueMs !== Number.POSITIVE_INFINITY;
  }
}

export class TimerHeap<Purpose> {
  #heap: Timer<Purpose>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  set(timer: Timer<Purpose>, dueMs: number): void {
    timer.dueMs = dueMs;
    if (timer.index === -1) {
      timer.keyMs = dueMs;
      timer.index = this.#heap.length;
      this.#heap.push(timer);
      this.#rise(timer.index);
    } else if (dueMs < timer.keyMs) {
      timer.keyMs = dueMs;
      this.#rise(timer.index);
    }
  }

  cancel(timer: Timer<Purpose>): void {
    timer.dueMs = Number.POSITIVE_INFINITY;
    if (timer.index !== -1) this.#remove(timer.index);
  }

  /** The earliest time at which `takeDue` may find something; Infinity when nothing is set. */
  nextMs(): number {
    this.#settleTop();
    return this.#heap[0]?.keyMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes out the earliest timer that is due at `nowMs`, no longer set; undefined when none is. */
  takeDue(nowMs: number): Timer<Purpose> | undefined {
    if (this.nextMs() > nowMs) return undefined;
    const timer = this.#heap[0]!;
    this.#remove(0);
    timer.dueMs = Number.POSITIVE_INFINITY;
    return timer;
  }

  clear(): void {
    for (const timer of this.#heap) {
      timer.index = -1;
      timer.dueMs = Number.POSITIVE_INFINITY;
    }
    this.#heap = [];
  }

  /** Lets timers on top that were moved later sink to where they belong. */
  #settleTop(): void {
    for (let top = this.#heap[0]; top !== undefined && top.keyMs < top.dueMs; top = this.#heap[0]) {
      top.keyMs = top.dueMs;
      this.#sink(0);
    }
  }

  #remove(index: number): void {
    const last = this.#heap.pop()!;
    const removed = this.#heap[index] ?? last;
    removed.index = -1;
    if (removed === last) return;
    this.#heap[index] = last;
    last.index = index;
    this.#rise(index);
    this.#sink(last.index);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const timer = heap[from]!;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex]!;
      if (parent.keyMs <= timer.keyMs) break;
      heap[index] = parent;
      parent.index = index;
      index = parentIndex;
    }
    heap[index] = timer;
    timer.index = index;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const timer = heap[from]!;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      if (childIndex + 1 < heap.length && heap[childIndex + 1]!.keyMs < heap[childIndex]!.keyMs) childIndex++;
      const child = heap[childIndex]!;
      if (child.keyMs >= timer.keyMs) break;
      heap[index] = child;
      child.index = index;
      index = childIndex;
    }
    heap[index] = timer;
    timer.index = index;
  }
}
