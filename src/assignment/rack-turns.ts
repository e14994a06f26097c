import type { Racks } from "./racks.ts";

/** Members in a row, asked for by rack: who is the next, from some place on, that stands in one of these racks? */
export class RackTurns {
  readonly #racks: Racks;
  readonly #members: number[] = [];
  /** Of each rack, the places in the row of its members, ascending. */
  readonly #places: number[][];
  /** Beside each of these: its own index, or, once removed, that of one further on. */
  readonly #onward: number[][];

  constructor(racks: Racks, members: readonly number[]) {
    this.#racks = racks;
    this.#places = Array.from({ length: racks.count }, () => []);
    this.#onward = Array.from({ length: racks.count }, () => []);
    for (const member of members) this.append(member);
  }

  append(member: number): void {
    const place = this.#members.push(member) - 1;
    const rack = this.#racks.ofMember[member]!;
    if (rack < 0) return;
    this.#onward[rack]!.push(this.#onward[rack]!.length);
    this.#places[rack]!.push(place);
  }

  at(place: number): number {
    return this.#members[place]!;
  }

  remove(place: number): void {
    const rack = this.#racks.ofMember[this.at(place)]!;
    const index = lowerBound(this.#places[rack]!, place);
    this.#onward[rack]![index] = index + 1;
  }

  /** @param turn where to begin; after the last comes the first @returns a place, or undefined */
  next(turn: number, racks: readonly number[]): number | undefined {
    let nearest: number | undefined;
    let distance = Number.POSITIVE_INFINITY;
    for (const rack of racks) {
      const place = this.#nextIn(rack, turn);
      if (place === undefined) continue;
      const away = place < turn ? place + this.#members.length - turn : place - turn;
      if (away < distance) {
        distance = away;
        nearest = place;
      }
    }
    return nearest;
  }

  #nextIn(rack: number, turn: number): number | undefined {
    const places = this.#places[rack]!;
    return places[this.#present(rack, lowerBound(places, turn))] ?? places[this.#present(rack, 0)];
  }

  /** The first from this index on that was not removed. */
  #present(rack: number, from: number): number {
    const onward = this.#onward[rack]!;
    let index = from;
    while (index < onward.length && onward[index] !== index) {
      onward[index] = onward[onward[index]!] ?? onward[index]!; // so that the same way is shorter next time
      index = onward[index]!;
    }
    return index;
  }
}

/** The index of the first that is not less. */
function lowerBound(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
