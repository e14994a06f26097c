/** What is to happen, in the order of time; what comes at one moment in the order in which it was asked for. */
export interface SimulatedEvent {
  readonly atMs: number;
  /** Undefined once it was called off. */
  run: (() => void) | undefined;
}

/** A heap of numbers: to move objects about in it would cost a note to the garbage collector each time. */
export class EventQueue {
  #size = 0;
  #order = 0;
  /** When, in which order, and where in `#events`. */
  #times = new Float64Array(64);
  #orders = new Float64Array(64);
  #places = new Int32Array(64);
  readonly #events: (SimulatedEvent | undefined)[] = [];
  readonly #freePlaces: number[] = [];

  add(atMs: number, run: () => void): SimulatedEvent {
    const event = { atMs, run };
    const place = this.#freePlaces.pop() ?? this.#events.length;
    this.#events[place] = event;
    if (this.#size === this.#places.length) this.#grow();
    const times = this.#times;
    let index = this.#size++;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (atMs >= times[parent]!) break; // of those at one moment it came last
      this.#move(parent, index);
      index = parent;
    }
    this.#set(index, atMs, this.#order++, place);
    return event;
  }

  /** Takes the first one out that was not called off. */
  next(): SimulatedEvent | undefined {
    while (this.#size > 0) {
      const place = this.#places[0]!;
      const first = this.#events[place]!;
      this.#events[place] = undefined;
      this.#freePlaces.push(place);
      this.#removeFirst();
      if (first.run !== undefined) return first;
    }
    return undefined;
  }

  #removeFirst(): void {
    const last = --this.#size;
    if (last === 0) return;
    const atMs = this.#times[last]!;
    const order = this.#orders[last]!;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(child + 1, this.#times[child]!, this.#orders[child]!)) child++;
      if (!this.#isBefore(child, atMs, order)) break;
      this.#move(child, index);
      index = child;
    }
    this.#set(index, atMs, order, this.#places[last]!);
  }

  #isBefore(index: number, atMs: number, order: number): boolean {
    const time = this.#times[index]!;
    return time < atMs || (time === atMs && this.#orders[index]! < order);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#times[from]!, this.#orders[from]!, this.#places[from]!);
  }

  #set(index: number, atMs: number, order: number, place: number): void {
    this.#times[index] = atMs;
    this.#orders[index] = order;
    this.#places[index] = place;
  }

  #grow(): void {
    const { length } = this.#places;
    const [times, orders, places] = [this.#times, this.#orders, this.#places];
    this.#times = new Float64Array(2 * length);
    this.#orders = new Float64Array(2 * length);
    this.#places = new Int32Array(2 * length);
    this.#times.set(times);
    this.#orders.set(orders);
    this.#places.set(places);
  }
}
