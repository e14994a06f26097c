import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import type { ReadStream, WriteStream } from "node:tty";
import { Terminal } from "../../../src/cli/watch/terminal.ts";

function fakeTerminal() {
  let written = "";
  let isRaw = false;
  const out = Object.assign(new EventEmitter(), { columns: 80, rows: 24, write: (text: string) => (written += text) });
  const input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (raw: boolean) => (isRaw = raw),
    pause() {},
  });
  return {
    out: out as unknown as WriteStream,
    input: input as unknown as ReadStream,
    written: () => written,
    isRaw: () => isRaw,
    /** What was written since the last frame began. */
    frame: () => written.slice(written.lastIndexOf("\x1b[H")),
  };
}

test("a screen of its own is entered, drawn on, and given back as it was", () => {
  const fake = fakeTerminal();
  const terminal = new Terminal(fake.out, fake.input, () => undefined);
  assert.ok(fake.isRaw());
  terminal.show(() => ["one", "two"]);
  assert.equal(fake.written(), "\x1b[?1049h\x1b[?25l\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
  terminal.close();
  assert.ok(!fake.isRaw());
  assert.ok(fake.written().endsWith("\x1b[?25h\x1b[?1049l"));
  const before = fake.written();
  terminal.close();
  terminal.paint();
  assert.equal(fake.written(), before, "once closed nothing more is written");
  assert.equal(fake.out.listenerCount("resize") + fake.input.listenerCount("data"), 0);
});

test("another size is drawn at once", () => {
  const fake = fakeTerminal();
  const terminal = new Terminal(fake.out, fake.input, () => undefined);
  terminal.show(() => [`${terminal.columns} × ${terminal.rows}`]);
  Object.assign(fake.out, { columns: 40, rows: 12 });
  fake.out.emit("resize");
  assert.match(fake.frame(), /40 × 12/);
  terminal.close();
});

test("q and Control-C quit, other keys do not", () => {
  const fake = fakeTerminal();
  let quits = 0;
  const terminal = new Terminal(fake.out, fake.input, () => {
    quits++;
  });
  for (const key of ["x", "\x1b[A", "q", "\x03"]) fake.input.emit("data", Buffer.from(key));
  assert.equal(quits, 2);
  terminal.close();
});
