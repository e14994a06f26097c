import { until } from "../until.ts";
import { batch, batches } from "../wire/batch.ts";
import type { Value } from "../wire/codec.ts";
import { Connection } from "../wire/connection.ts";
import { errorName } from "../wire/errors.ts";
import { type Draw, seeded } from "./draw.ts";

/** A batch that was sent once, to be sent again. */
interface Sent {
  bytes: Buffer;
  title: string;
}

/**
 * A random life of one partition, told line by line: idempotent producers of two ids and three epochs, right and wrong
 * sequence numbers, batches sent again, reads, deletions, listings. Timestamps are told from the beginning of the life,
 * so that the lines are the same on two brokers that do the same.
 */
export class LogLife {
  private readonly topic: string;
  private readonly draw: Draw;
  private readonly connection: Connection;
  private readonly beginMs = Date.now();
  private topicId = "";
  private readonly producerIds: number[] = [];
  /** The next sequence number, by producer and epoch. */
  private readonly next = [
    [0, 0, 0],
    [0, 0, 0],
  ];
  private readonly sent: Sent[] = [];
  private hasDeleted = false;
  private recompresses = false;
  private steps = 0;
  private readonly told: string[] = [];

  static async begin(address: string, seed: number): Promise<LogLife> {
    const life = new LogLife(seed, await Connection.open(address));
    await life.create();
    for (let i = 0; i < 2; i++) {
      const init = { transactionalId: null, transactionTimeoutMs: 1_000 };
      life.producerIds.push((await life.connection.ask("InitProducerId", init, 5)).producerId);
    }
    return life;
  }

  private constructor(seed: number, connection: Connection) {
    this.topic = `log-${seed}-${Date.now()}`;
    this.draw = seeded(seed);
    this.connection = connection;
  }

  async step(): Promise<void> {
    const number = this.steps++;
    const act = this.draw.below(12);
    const inner = this.draw.fork();
    this.told.push(`${number} ${await this.act(act, number, inner)}`);
  }

  end(): string[] {
    this.connection.close();
    return this.told;
  }

  private act(act: number, number: number, draw: Draw): Promise<string> {
    if (act < 6) return this.produceNext(number, draw);
    if (act < 8 && this.sent.length > 0) {
      const back = Math.max(0, this.sent.length - 1 - draw.below(7));
      return this.produce(this.sent[back] as Sent, draw);
    }
    if (act === 8 && draw.chance(0.4)) return this.deleteRecords(draw);
    if (act === 9) return this.describeProducers();
    return act === 10 ? this.fetch(draw) : this.listOffsets(draw);
  }

  private async produceNext(number: number, draw: Draw): Promise<string> {
    const [who, epoch, count] = [draw.below(2), draw.oneOf([0, 0, 0, 0, 1, 1, 2]), 1 + draw.below(3)];
    const sequences = this.next[who] as number[];
    const expected = sequences[epoch] as number;
    const baseSequence = draw.chance(0.8) ? expected : Math.max(0, expected + draw.below(7) - 3);
    const list = Array.from({ length: count }, (_, index) => ({
      key: "k",
      value: `${number}.${index}`,
      timestamp: this.beginMs + 10 * number - index,
    }));
    const producer = { producerId: this.producerIds[who] as number, producerEpoch: epoch, baseSequence };
    const title = `producer ${who} epoch ${epoch} sequence ${baseSequence} of ${count}`;
    const next = { bytes: batch(list, { ...producer, gzip: draw.chance(0.3) }), title };
    const line = await this.produce(next, draw);
    if (line.includes(" NONE ")) sequences[epoch] = baseSequence + count;
    this.sent.push(next);
    return line;
  }

  private async produce({ bytes, title }: Sent, draw: Draw): Promise<string> {
    const version = 3 + draw.below(11);
    const partitionData = [{ index: 0, records: bytes }];
    const topicData = [{ name: this.topic, topicId: this.topicId, partitionData }];
    const body = { acks: draw.oneOf([-1, -1, 1]), timeoutMs: 5_000, topicData };
    const answer = (await this.connection.ask("Produce", body, version)).responses[0].partitionResponses[0];
    const { errorCode, baseOffset, logStartOffset } = answer;
    return `produce v${version} ${title}: ${errorName(errorCode)} at ${baseOffset}, log from ${logStartOffset}`;
  }

  private async fetch(draw: Draw): Promise<string> {
    const [version, fetchOffset] = [4 + draw.below(15), draw.below(40) - 1];
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }];
    const topics = [{ topic: this.topic, topicId: this.topicId, partitions }];
    const body = { maxWaitMs: 0, minBytes: 1, topics };
    const [found] = (await this.connection.ask("Fetch", body, version)).responses[0].partitions;
    const { errorCode, highWatermark, lastStableOffset, logStartOffset } = found;
    const title = `fetch v${version} from ${fetchOffset}: ${errorName(errorCode)}`;
    const ends = `${logStartOffset} ${lastStableOffset} ${highWatermark}`;
    if (this.recompresses) return `${title} ${ends}`; // sizes are of the compressor's making
    const list = batches(found.records).map(
      (each) =>
        `${each.baseOffset}-${each.lastOffset} attributes ${each.attributes} epoch ${each.producerEpoch} ` +
        `sequence ${each.baseSequence} ${each.crcIsRight} ${each.records.map(({ value }) => value)}`,
    );
    return `${title} ${ends} [${list.join("; ")}]`;
  }

  private async listOffsets(draw: Draw): Promise<string> {
    const version = 7 + draw.below(5);
    const time = this.beginMs + draw.below(700);
    const timestamp = draw.oneOf([-1, -2, this.hasDeleted ? -1 : -3, time, time]); // README.md: the greatest timestamp
    const body = { topics: [{ name: this.topic, partitions: [{ partitionIndex: 0, timestamp }] }] };
    const [found] = (await this.connection.ask("ListOffsets", body, version)).topics[0].partitions;
    const told = (ms: number) => (ms < 0 ? ms : ms - this.beginMs);
    const what = `${errorName(found.errorCode)} ${found.offset} ${told(found.timestamp)}`;
    return `list v${version} ${told(timestamp)}: ${what}`;
  }

  private async deleteRecords(draw: Draw): Promise<string> {
    const offset = draw.chance(0.2) ? -1 : draw.below(20);
    const topics = [{ name: this.topic, partitions: [{ partitionIndex: 0, offset }] }];
    const [found] = (await this.connection.ask("DeleteRecords", { topics, timeoutMs: 5_000 })).topics[0].partitions;
    this.hasDeleted = true;
    return `delete to ${offset}: ${errorName(found.errorCode)} ${found.lowWatermark}`;
  }

  private async describeProducers(): Promise<string> {
    const topics = [{ name: this.topic, partitionIndexes: [0] }];
    const [found] = (await this.connection.ask("DescribeProducers", { topics })).topics[0].partitions;
    const each = found.activeProducers.map(
      ({ producerId, producerEpoch, lastSequence }: Value) =>
        `${this.producerIds.indexOf(producerId)} epoch ${producerEpoch} sequence ${lastSequence}`,
    );
    return `producers: ${errorName(found.errorCode)} ${each.sort().join("; ")}`;
  }

  private async create(): Promise<void> {
    const compression = this.draw.oneOf(["producer", "producer", "producer", "uncompressed", "gzip"]);
    this.recompresses = compression === "gzip";
    const configs = [
      { name: "retention.ms", value: "-1" },
      { name: "compression.type", value: compression },
    ];
    const topic = { name: this.topic, numPartitions: 1, replicationFactor: 1, configs };
    const answer = await this.connection.ask("CreateTopics", { topics: [topic], timeoutMs: 10_000 });
    this.topicId = answer.topics[0].topicId;
    await this.untilLed();
  }

  private async untilLed(): Promise<void> {
    const topics = [{ name: this.topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
    await until(`${this.topic} is led`, async () => {
      const answer = await this.connection.ask("ListOffsets", { topics });
      return answer.topics[0].partitions[0].errorCode === 0;
    });
  }
}
