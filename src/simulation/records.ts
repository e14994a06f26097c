/** What lies in a partition in the end, as a consumer reads it; and whether it is what producers were promised. */
import { keyOf, type Partitions } from "../client/member/partitions.ts";
import { Fetch } from "../protocol/apis/fetch.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { ResponseOf } from "../protocol/schema.ts";
import { plainUtf8 } from "../protocol/utf8.ts";
import { ClientLink } from "./client-link.ts";
import type { Cluster } from "./cluster.ts";
import { Process } from "./process.ts";
import type { ProducerNode } from "./producer-node.ts";
import { shownRecords } from "./shown-records.ts";

export function textBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(plainUtf8.utf8Length(text));
  plainUtf8.utf8Write(text, bytes, 0);
  return bytes;
}

type Fetched = Pick<
  ResponseOf<typeof Fetch>["responses"][number]["partitions"][number],
  "records" | "abortedTransactions"
>;

/** Reads partitions from their beginning to their end. */
export class Reader {
  readonly #cluster: Cluster;
  readonly #link: ClientLink;
  /** By "topic-partition": the text of the record at each offset. */
  readonly found = new Map<string, Map<number, string>>();
  readonly #isolationLevel: 0 | 1;
  #unread = 0;

  constructor(cluster: Cluster, isolation: "committed" | "uncommitted") {
    this.#cluster = cluster;
    this.#isolationLevel = isolation === "committed" ? 1 : 0;
    const process = new Process(cluster.world, `reader of what is ${isolation}`, { rate: 1, wallAheadMs: 0 });
    this.#link = new ClientLink(process, cluster.network, cluster.requests);
  }

  get isDone(): boolean {
    return this.#unread === 0;
  }

  read(partitions: Partitions): void {
    for (const { topic, partition } of partitions) {
      const key = keyOf({ topic, partition });
      if (this.found.has(key)) continue;
      this.found.set(key, new Map());
      this.#unread++;
      this.#fetch(topic, partition, 0);
    }
  }

  #fetch(topic: string, partition: number, fetchOffset: number): void {
    const partitions = [{ partition, fetchOffset, partitionMaxBytes: 1_000_000 }];
    const asked = { maxWaitMs: 0, minBytes: 0, topics: [{ topic, partitions }], forgottenTopicsData: [], rackId: "" };
    const body = { ...asked, isolationLevel: this.#isolationLevel };
    const call = { api: Fetch, version: 11, body, timeoutMs: 5000 };
    this.#link.ask(this.#cluster.topicsLeader, "main", call, (response) => {
      const answer = response?.responses[0]?.partitions[0];
      const again = (offset: number) => this.#cluster.world.after(300, () => this.#fetch(topic, partition, offset));
      if (answer?.errorCode !== ErrorCode.NONE) return void again(fetchOffset);
      const next = this.#take({ topic, partition }, answer, fetchOffset);
      if (next >= answer.highWatermark) this.#unread--;
      else again(next);
    });
  }

  #take(of: Partitions[number], { records: bytes, abortedTransactions }: Fetched, fromOffset: number): number {
    const { consumption, transactions } = this.#cluster;
    const { records, next } = shownRecords(bytes ?? new Uint8Array(0), fromOffset, abortedTransactions);
    for (const record of records) {
      this.found.get(keyOf(of))!.set(record.offset, record.text);
      consumption.read(of, record);
      if (this.#isolationLevel === 1) transactions.shown(of, record);
    }
    return next;
  }
}

/** @returns what is lost, or there twice, or in another order than it was sent in. */
export function differenceToPromised({ plan, acknowledged }: ProducerNode, { found }: Reader): string | undefined {
  const there = found.get(keyOf(plan)) ?? new Map<number, string>();
  for (const [offset, text] of acknowledged) {
    if (there.get(offset) !== text) return `${text} was acknowledged at ${offset}, where ${there.get(offset)} is`;
  }
  const mine = [...there].filter(([, text]) => text.startsWith(`${plan.name} `));
  const wrong = mine.findIndex(([, text], index) => text !== `${plan.name} ${index}`);
  return wrong < 0
    ? undefined
    : `at ${mine[wrong]![0]} is ${mine[wrong]![1]}, and ${plan.name} ${wrong} is to be there`;
}
