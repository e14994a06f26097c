/** `regroup produce` */
import { type Command, Option } from "commander";
import type { Producer } from "../../client/producer/producer.ts";
import type { RecordMetadata } from "../../client/producer/record.ts";
import { brokerCommand, type ConnectionFlags, collect, examples } from "../broker-command.ts";
import { UsageError } from "../errors.ts";
import { integer, keyValues, largest } from "../key-values.ts";
import { say } from "../messages.ts";
import type { Columns } from "../output/columns.ts";
import { type Format, formats, Output } from "../output/output.ts";
import { unlessInterrupted } from "../signals.ts";
import { openProducer } from "../with-client.ts";
import { asBytes, type EncodingFlags, encodingOptions, toBytes } from "./byte-text.ts";
import { instant } from "./instant.ts";
import { RecordSource } from "./record-source.ts";

interface ProduceFlags extends ConnectionFlags, EncodingFlags {
  readonly file?: string;
  readonly whole?: boolean;
  readonly format: "string" | "json";
  readonly key?: string;
  readonly keySeparator?: string;
  readonly nullMarker?: string;
  readonly header?: readonly string[];
  readonly partition?: string;
  readonly timestamp?: string;
  readonly acks?: string;
  readonly compression?: string;
  readonly output?: Format;
}

export function produceCommand(): Command {
  const command = brokerCommand("produce", "Write records to a topic: arguments, a file, or what comes on stdin.")
    .argument("<topic>", "its name")
    .argument("[value...]", "values of records; none: each line of stdin is one")
    .option("-F, --file <path>", "read this file instead of stdin")
    .option("--whole", "all of the input is one value, bytes as they are")
    .addOption(new Option("-f, --format <format>", "what a line is").choices(["string", "json"]).default("string"))
    .option("-k, --key <key>", "the key of all records")
    .option("-K, --key-separator <text>", "lines are key, separator, value")
    .option("--null-marker <text>", "a key or value of this text is null")
    .option("-H, --header <name=value>", "of all records; may stand more than once", collect)
    .option("-p, --partition <number>", "default: by the key's hash, as Java's client")
    .option("--timestamp <time>", "2026-01-31T08:00:00Z, milliseconds since 1970, or 10m ago")
    .option("--acks <acks>", "all, 1 or 0: who must have a record before it counts as stored (default: all)")
    .option("--compression <type>", "none, gzip, snappy, lz4 or zstd");
  for (const option of encodingOptions()) command.addOption(option);
  return command
    .addOption(new Option("-o, --output <format>", "print where each record went").choices(formats))
    .addHelpText(
      "after",
      `${examples(
        "regroup produce orders 'first' 'second'",
        "seq 1 1000 | regroup produce orders",
        "regroup produce orders --key-separator : --file orders.txt",
        'regroup produce orders --format json \'{"key":"k","value":"v","headers":[["trace","1"]]}\'',
        "regroup produce pictures --whole --key logo --file logo.png",
        "regroup consume orders --last 9 --until-end --format json | regroup produce copy --format json",
      )}
With --format json a line is {"key":…,"value":…,"headers":[["name","value"],…],"partition":…,"timestamp":…}, of which
only value is needed. What is given as an option is for records that do not say otherwise.
`,
    )
    .action(produce);
}

async function produce(topic: string, values: readonly string[], flags: ProduceFlags): Promise<void> {
  const source = sourceOf(topic, values, flags);
  const sent = new Sent(flags.output !== undefined);
  const producer = await openProducer(flags, overridesOf(flags));
  try {
    if (source.isTyped) say("One record a line; Control-D ends.");
    await unlessInterrupted(sendAll(source, producer, sent));
  } finally {
    source.close();
    await producer.close();
    if (flags.output !== undefined) await new Output(flags.output).rows(sent.records, columns);
    else say(`${sent.count} ${sent.count === 1 ? "record" : "records"} stored in ${topic}.`);
  }
}

/** So many may wait for their acknowledgement; then no more is read. */
const maxUnacknowledged = 10_000;

/** @throws the first error, once the fate of all others is told. */
async function sendAll(source: RecordSource, producer: Producer, sent: Sent): Promise<void> {
  try {
    for await (const records of source) {
      sent.add(producer.sendBatch(records), records.length);
      await sent.fewerThan(maxUnacknowledged);
      if (sent.failure !== undefined) break;
    }
  } finally {
    await sent.fewerThan(1);
  }
  if (sent.failure !== undefined) throw sent.failure;
}

/** What became of the records. */
class Sent {
  /** Stored, as the broker acknowledged. */
  count = 0;
  failure: Error | undefined;
  readonly records: RecordMetadata[] = [];
  readonly #keeps: boolean;
  readonly #pending = new Set<Promise<void>>();
  #pendingCount = 0;

  /** @param keeps whether where each record went is asked for. */
  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  add(batch: Promise<RecordMetadata[]>, count: number): void {
    this.#pendingCount += count;
    const settled = batch
      .then((stored) => {
        this.count += stored.length;
        if (this.#keeps) this.records.push(...stored);
      })
      .catch((error: Error) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.#pendingCount -= count;
        this.#pending.delete(settled);
      });
    this.#pending.add(settled);
  }

  async fewerThan(count: number): Promise<void> {
    while (this.#pendingCount >= count) await Promise.race(this.#pending);
  }
}

const columns: Columns<RecordMetadata> = {
  topic: ({ topic }) => topic,
  partition: ({ partition }) => partition,
  offset: ({ offset }) => (offset < 0 ? null : offset),
  timestamp: ({ timestamp }) => timestamp,
};

/** @throws {UsageError} */
function sourceOf(topic: string, values: readonly string[], flags: ProduceFlags): RecordSource {
  const { file, whole = false, key, keySeparator, nullMarker, header, partition, timestamp, format } = flags;
  if (format === "json" && (whole || keySeparator !== undefined || nullMarker !== undefined)) {
    throw new UsageError("--format json says keys and nulls itself: no --whole, --key-separator, --null-marker");
  }
  if (whole && keySeparator !== undefined) throw new UsageError("--whole has no separator: give the key by --key");
  if (key !== undefined && keySeparator !== undefined) throw new UsageError("expected --key or --key-separator");
  return new RecordSource({
    topic,
    values,
    file,
    whole,
    lines: { ...flags, ...(keySeparator === undefined ? {} : { keySeparator: unescaped(keySeparator) }) },
    common: {
      key: key === undefined ? undefined : toBytes(key, flags.keyAs, "--key"),
      headers:
        header === undefined ? undefined : header.map((text) => Object.entries(keyValues("--header", [text]))[0]!),
      partition: partition === undefined ? undefined : integer("--partition", partition, 0, largest.int32),
      timestamp: timestamp === undefined ? undefined : instant("--timestamp", timestamp, Date.now()),
    },
  });
}

/** A shell does not make "\\t" a tab. */
function unescaped(text: string): string {
  return text.replaceAll("\\t", "\t").replaceAll("\\0", "\0");
}

function overridesOf(flags: ProduceFlags): Record<string, string> {
  const { acks, compression } = flags;
  return {
    ...asBytes("serializer", flags),
    ...(acks === undefined ? {} : { acks }),
    ...(compression === undefined ? {} : { "compression.type": compression }),
  };
}
