/** Where `regroup produce` takes its records from. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { ProducerRecord } from "../../client/producer/record.ts";
import { FailedError, UsageError } from "../errors.ts";
import { lineChunks } from "./lines.ts";
import { type LineFormat, type LineRecord, recordOfLine } from "./record-line.ts";

export interface SourceOptions {
  readonly topic: string;
  readonly values: readonly string[];
  readonly file: string | undefined;
  /** All of the input is one value. */
  readonly whole: boolean;
  readonly lines: LineFormat;
  /** What records have that do not say otherwise. */
  readonly common: Partial<Omit<LineRecord, "value">>;
}

/** Records that are there together come together. Closing it ends the wait for more. */
export class RecordSource implements AsyncIterable<ProducerRecord[]> {
  readonly #options: SourceOptions;
  #input: Readable | undefined;

  /** @throws {UsageError} */
  constructor(options: SourceOptions) {
    const { values, file, whole } = options;
    if (values.length > 0 && (file !== undefined || whole)) throw new UsageError("expected values or a file, not both");
    this.#options = options;
  }

  /** A person types. */
  get isTyped(): boolean {
    const { values, file } = this.#options;
    return values.length === 0 && file === undefined && process.stdin.isTTY;
  }

  /** @throws {FailedError} for a line that is no record, after those before it; for a file that cannot be read. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ProducerRecord[]> {
    const { values, file, whole } = this.#options;
    if (values.length > 0) return yield* this.#records(values, "value", 1);
    this.#input = file === undefined ? process.stdin : createReadStream(file);
    try {
      if (whole) yield [this.#complete({ value: await buffer(this.#input) })];
      else yield* this.#lines(this.#input);
    } catch (error) {
      if (error instanceof Error && "syscall" in error) throw new FailedError(`--file ${file}: ${error.message}`);
      throw error;
    }
  }

  close(): void {
    this.#input?.destroy();
  }

  async *#lines(input: Readable): AsyncGenerator<ProducerRecord[]> {
    let number = 1;
    for await (const lines of lineChunks(input)) {
      yield* this.#records(lines, "line", number);
      number += lines.length;
    }
  }

  *#records(lines: readonly string[], what: string, first: number): Generator<ProducerRecord[]> {
    const records: ProducerRecord[] = [];
    for (const [index, line] of lines.entries()) {
      try {
        records.push(this.#record(line, `${what} ${first + index}`));
      } catch (error) {
        yield records;
        throw error;
      }
    }
    yield records;
  }

  #record(line: string, what: string): ProducerRecord {
    return this.#complete(recordOfLine(line, this.#options.lines, what));
  }

  #complete(record: LineRecord): ProducerRecord {
    const { topic, common } = this.#options;
    const { key = common.key, headers, partition = common.partition, timestamp = common.timestamp } = record;
    return { topic, key, value: record.value, headers: headers ?? common.headers, partition, timestamp };
  }
}
