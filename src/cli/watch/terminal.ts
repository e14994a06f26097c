/** A screen of its own on the terminal, which is given back as it was. */
import type { ReadStream, WriteStream } from "node:tty";

const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";
const home = "\x1b[H";
const clearLine = "\x1b[K";
const clearBelow = "\x1b[J";
const controlC = "\x03";

export class Terminal {
  readonly #out: WriteStream;
  readonly #in: ReadStream;
  readonly #onExit = () => this.close();
  #draw: (() => readonly string[]) | undefined;
  #isOpen = true;
  readonly #repaint = () => this.paint();
  readonly #typed: (data: Buffer) => void;

  /** @param quit called when q or Control-C is typed: a terminal in raw mode sends no signal. */
  constructor(out: WriteStream, input: ReadStream, quit: () => void) {
    this.#out = out;
    this.#in = input;
    this.#typed = (data) => {
      const keys = data.toString("latin1");
      if (keys.includes("q") || keys.includes(controlC)) quit();
    };
    out.write(enter);
    out.on("resize", this.#repaint);
    if (input.isTTY) {
      input.setRawMode(true);
      input.on("data", this.#typed);
    }
    // Also when the process ends by an error that nobody expected.
    process.on("exit", this.#onExit);
  }

  /** Some terminals do not tell their size. */
  get columns(): number {
    return this.#out.columns || 80;
  }

  get rows(): number {
    return this.#out.rows || 24;
  }

  /** @param draw is called again when the window's size changes. */
  show(draw: () => readonly string[]): void {
    this.#draw = draw;
    this.paint();
  }

  paint(): void {
    const lines = this.#draw?.();
    if (lines === undefined || !this.#isOpen) return;
    this.#out.write(home + lines.map((line) => line + clearLine).join("\r\n") + clearBelow);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off("exit", this.#onExit);
    this.#out.off("resize", this.#repaint);
    if (this.#in.isTTY) {
      this.#in.off("data", this.#typed);
      this.#in.setRawMode(false);
      this.#in.pause();
    }
    this.#out.write(leave);
  }
}
