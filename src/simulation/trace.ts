/** What happened, as one number that two runs of a seed must share, and for people as a story. */
export class Trace {
  #low = 0x811c9dc5;
  #high = 0x1b873593;
  /** Lines, when somebody wants to read them. */
  readonly story: string[] | undefined;

  constructor(isTold: boolean) {
    this.story = isTold ? [] : undefined;
  }

  /** 64 bits in hexadecimal. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  number(value: number): void {
    const whole = Math.floor(value);
    this.#mix(whole | 0);
    this.#mix(Math.floor((value - whole) * 0x1_0000_0000) | 0);
  }

  bytes(bytes: Uint8Array): void {
    let low = this.#low;
    for (let at = 0; at < bytes.length; at++) low = Math.imul(low ^ bytes[at]!, 0x01000193);
    this.#low = low;
    this.#mix(bytes.length);
  }

  text(text: string): void {
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
  }

  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ this.#low ^ (this.#high >>> 13), 0x85ebca6b);
  }
}
