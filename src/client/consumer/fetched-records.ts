/** The records that one fetch gave of one partition, read one after the other; decompressed batch by batch. */
import { nodePlatform } from "../../platform/node-platform.ts";
import {
  type BatchView,
  batches,
  enterRecord,
  RecordsError,
  readControlRecord,
  readRecords,
  recordBytes,
  verifyCrc,
} from "../../protocol/records/batch.ts";
import { VarintReader } from "../../protocol/records/integers.ts";
import type { Deserializer } from "../serde.ts";
import { type BatchContext, ConsumerRecord } from "./consumer-record.ts";
import { MessageFormatError } from "./errors.ts";

export interface FetchedFrom {
  readonly topic: string;
  readonly partition: number;
  /** Records before it are passed over: a broker sends whole batches. */
  readonly offset: number;
  /** Transactions whose records are left out (read_committed); undefined: nothing is. */
  readonly aborted: readonly AbortedTransaction[] | undefined;
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface ReadOptions {
  readonly checkCrcs: boolean;
  readonly keyDeserializer: Deserializer;
  readonly valueDeserializer: Deserializer;
}

export class FetchedRecords {
  readonly byteLength: number;
  /** The offset to fetch from next. */
  readonly endOffset: number;
  /** The leader epoch of the last batch. */
  readonly endEpoch: number;
  /** The offset behind all that was read so far. */
  nextOffset: number;
  /** Of the batch that is being read. */
  leaderEpoch = -1;
  readonly #from: FetchedFrom;
  readonly #options: ReadOptions;
  readonly #batches: readonly BatchView[];
  readonly #aborted: AbortedTransaction[];
  readonly #abortedNow = new Set<number>();
  #batchIndex = 0;
  #open: OpenBatch | undefined;

  /** @throws {RecordsError} when the bytes hold no whole batch. @throws {MessageFormatError} */
  constructor(bytes: Uint8Array, from: FetchedFrom, options: ReadOptions) {
    this.#from = from;
    this.#options = options;
    this.#batches = [...batches(bytes)];
    const last = this.#batches.at(-1);
    if (last === undefined) throw new RecordsError("corrupt", `no whole batch in ${bytes.length} bytes`);
    const legacy = this.#batches.find(({ magic }) => magic !== 2);
    if (legacy !== undefined) throw new MessageFormatError(from, from.offset, legacy.magic);
    this.byteLength = bytes.length;
    this.endOffset = Math.max(from.offset, last.lastOffset + 1);
    this.endEpoch = last.partitionLeaderEpoch;
    this.nextOffset = from.offset;
    this.#aborted = (from.aborted ?? []).toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /** @returns undefined behind the last. @throws {RecordsError | CompressionError} */
  next(): ConsumerRecord<never, never> | undefined {
    for (;;) {
      this.#open ??= this.#openNext();
      if (this.#open === undefined) {
        this.nextOffset = this.endOffset;
        return undefined;
      }
      const record = this.#open.next();
      if (record === undefined) {
        this.#open = undefined;
      } else if (record.offset >= this.#from.offset) {
        this.nextOffset = record.offset + 1;
        return record;
      }
    }
  }

  /** Control batches, aborted ones and those before the offset are passed over. */
  #openNext(): OpenBatch | undefined {
    while (this.#batchIndex < this.#batches.length) {
      const batch = this.#batches[this.#batchIndex++]!;
      const isWanted = !this.#isAborted(batch) && !batch.control && batch.lastOffset >= this.#from.offset;
      if (!isWanted || batch.count <= 0) continue;
      if (this.#options.checkCrcs && !verifyCrc(batch, nodePlatform)) {
        throw new RecordsError("corrupt", `the checksum of the batch at ${batch.baseOffset} does not fit`);
      }
      this.leaderEpoch = batch.partitionLeaderEpoch;
      return new OpenBatch(batch, this.#from, this.#options);
    }
    return undefined;
  }

  /** KIP-98: a transaction is aborted from its first offset up to its marker. */
  #isAborted(batch: BatchView): boolean {
    while (this.#aborted.length > 0 && this.#aborted[0]!.firstOffset <= batch.lastOffset) {
      this.#abortedNow.add(this.#aborted.shift()!.producerId);
    }
    if (this.#abortedNow.size === 0 || !this.#abortedNow.has(batch.producerId)) return false;
    if (!batch.control) return batch.transactional;
    const [marker] = readRecords(batch, nodePlatform);
    if (marker !== undefined && readControlRecord(marker).type === "ABORT") this.#abortedNow.delete(batch.producerId);
    return true;
  }
}

/** A batch whose records are being read. */
class OpenBatch {
  readonly #context: BatchContext;
  readonly #end: number;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  readonly #appendTimestamp: number | undefined;
  #left: number;
  #at: number;

  constructor(batch: BatchView, { topic, partition }: FetchedFrom, options: ReadOptions) {
    const { bytes, at, end } = recordBytes(batch, nodePlatform);
    const { timestampType, partitionLeaderEpoch: leaderEpoch } = batch;
    const { keyDeserializer, valueDeserializer } = options;
    const reader = new VarintReader(bytes, at, end);
    this.#context = { topic, partition, leaderEpoch, timestampType, reader, keyDeserializer, valueDeserializer };
    this.#end = end;
    this.#at = at;
    this.#left = batch.count;
    this.#baseOffset = batch.baseOffset;
    this.#baseTimestamp = batch.baseTimestamp;
    this.#appendTimestamp = timestampType === "LogAppendTime" ? batch.maxTimestamp : undefined;
  }

  next(): ConsumerRecord<never, never> | undefined {
    if (this.#left === 0) return undefined;
    this.#left--;
    const { reader } = this.#context;
    reader.at = this.#at;
    reader.end = this.#end;
    enterRecord(reader, this.#end);
    reader.at++; // the record's attributes: none are in use
    const timestamp = this.#appendTimestamp ?? this.#baseTimestamp + reader.int64();
    if (this.#appendTimestamp !== undefined) reader.int64();
    const offset = this.#baseOffset + reader.int32();
    this.#at = reader.end;
    return new ConsumerRecord(this.#context, offset, timestamp, reader.at, reader.end);
  }
}
