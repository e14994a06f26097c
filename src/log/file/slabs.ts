/**
 * Memory that appends are copied to, once: the journal writes from it, consumers read their hot tail from it, segments
 * are written behind from it. What nobody was lent is used again. An address is a position in the endless sequence of
 * all slabs.
 */
interface Slab {
  readonly bytes: Uint8Array;
  readonly address: number;
  used: number;
  /** Somebody was given a view of it, and may look at it for who knows how long. */
  isLent: boolean;
}

export interface Place {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly address: number;
}

const smallestSlabBytes = 64 * 1024;
/** Of whole size, to be used again: the pages of a new one cost five times what it takes to fill it. */
const mostFree = 16;

export class Slabs {
  readonly #slabBytes: number;
  readonly #slabs: Slab[] = [];
  readonly #free: Uint8Array[] = [];
  #nextAddress = 0;

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
  }

  /** Bytes below this address are gone. */
  get firstAddress(): number {
    return this.#slabs[0]?.address ?? this.#nextAddress;
  }

  /** Address of the next byte, if it fits. */
  get endAddress(): number {
    const last = this.#slabs.at(-1);
    return last ? last.address + last.used : this.#nextAddress;
  }

  get heldBytes(): number {
    return this.#nextAddress - this.firstAddress;
  }

  /** Does the current slab have `bytes` more, right behind what was reserved last? */
  fits(bytes: number): boolean {
    const last = this.#slabs.at(-1);
    return last !== undefined && last.used + bytes <= last.bytes.length;
  }

  reserve(bytes: number): Place {
    if (!this.fits(bytes)) this.#add(bytes);
    const slab = this.#slabs.at(-1)!;
    const at = slab.used;
    slab.used += bytes;
    return { bytes: slab.bytes, at, address: slab.address + at };
  }

  #add(bytes: number): void {
    const wanted = Math.min(this.#slabBytes, Math.max(smallestSlabBytes, 2 * (this.#slabs.at(-1)?.bytes.length ?? 0)));
    const size = Math.max(bytes, wanted);
    const memory = (size === this.#slabBytes ? this.#free.pop() : undefined) ?? new Uint8Array(size);
    const slab = { bytes: memory, address: this.#nextAddress, used: 0, isLent: false };
    this.#nextAddress += slab.bytes.length;
    this.#slabs.push(slab);
  }

  /** For as long as it takes to write it. */
  view(address: number, length: number): Uint8Array {
    return viewOf(this.#find(address), address, length);
  }

  /** For whoever may keep it: this memory is not used again. */
  lend(address: number, length: number): Uint8Array {
    const slab = this.#find(address);
    slab.isLent = true;
    return viewOf(slab, address, length);
  }

  #find(address: number): Slab {
    let low = 0;
    let high = this.#slabs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#slabs[middle]!.address <= address) low = middle;
      else high = middle - 1;
    }
    const slab = this.#slabs[low];
    if (slab === undefined || address < slab.address) throw new RangeError(`address ${address} is gone`);
    return slab;
  }

  /**
   * Lets the oldest slabs go that lie below `address`, until no more than `keepBytes` are held. Nothing below it may be
   * looked at by those who were not lent it.
   */
  release(address: number, keepBytes: number): void {
    while (this.#slabs.length > 1 && this.heldBytes > keepBytes) {
      const [oldest] = this.#slabs;
      if (oldest!.address + oldest!.bytes.length > address) return;
      this.#slabs.shift();
      const isReusable = !oldest!.isLent && oldest!.bytes.length === this.#slabBytes;
      if (isReusable && this.#free.length < mostFree) this.#free.push(oldest!.bytes);
    }
  }
}

function viewOf({ bytes, address: first }: Slab, address: number, length: number): Uint8Array {
  return bytes.subarray(address - first, address - first + length);
}
