/** A request as it stands in a transcript, as the coordinator takes it. */
import type { ListFilter, TopicPartitions, TransactionRequests } from "../../../src/transaction/requests.ts";
import type { TransactionState } from "../../../src/transaction/transitions.ts";
import { type Call, durationMs } from "../../group/support/script.ts";
import type { RequestType } from "./world.ts";

/** What a producer knows of itself. */
export interface Producer {
  transactionalId: string;
  producerId: number;
  producerEpoch: number;
}

export type Asked = {
  [K in RequestType]: { readonly type: K; readonly request: TransactionRequests[K]["request"] };
}[RequestType];

export function toRequest(producer: Producer, { name, args, source }: Call): Asked {
  const words = new Words(args);
  const transactionalId = words.after("id") ?? producer.transactionalId;
  const own = words.producer("as") ?? producer;
  const { producerId, producerEpoch } = own;
  const who = { transactionalId, producerId, producerEpoch };
  const transactionVersion = words.has("v0") ? 0 : 2;
  switch (name) {
    case "Init": {
      const transactionTimeoutMs = durationMs(words.after("timeout") ?? "60s");
      const request = { transactionalId, transactionTimeoutMs, expected: words.producer("had") };
      return { type: "InitProducerId", request };
    }
    case "Add":
    case "Verify": {
      const topics = partitionsOf(words.plain());
      return { type: "AddPartitions", request: { ...who, topics, verifyOnly: name === "Verify", transactionVersion } };
    }
    case "Commit":
    case "Abort":
      return { type: "EndTransaction", request: { ...who, committed: name === "Commit", transactionVersion } };
    case "Written":
      return { type: "MarkersWritten", request: { ...who, left: partitionsOf(words.plain()) } };
    case "Describe":
      return { type: "Describe", request: { transactionalId } };
    case "List":
      return { type: "List", request: filterOf(words) };
    default:
      throw new Error(`no such request: ${source}`);
  }
}

class Words {
  readonly #args: readonly string[];

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  has(word: string): boolean {
    return this.#args.includes(word);
  }

  after(word: string): string | undefined {
    return this.#args.find((arg) => arg.startsWith(`${word} `))?.slice(word.length + 1);
  }

  /** "as 1/3": producer id 1 in epoch 3. */
  producer(word: string) {
    const [producerId, producerEpoch] = this.after(word)?.split("/").map(Number) ?? [];
    return producerId === undefined ? undefined : { producerId, producerEpoch: producerEpoch! };
  }

  plain(): string[] {
    return this.#args.flatMap((arg) => (/^[\w-]+-\d+( [\w-]+-\d+)*$/.test(arg) ? arg.split(" ") : []));
  }
}

function partitionsOf(words: readonly string[]): TopicPartitions[] {
  const topics = new Map<string, number[]>();
  for (const word of words) {
    const at = word.lastIndexOf("-");
    const name = word.slice(0, at);
    topics.set(name, [...(topics.get(name) ?? []), Number(word.slice(at + 1))]);
  }
  return Array.from(topics, ([name, partitions]) => ({ name, partitions }));
}

function filterOf(words: Words): ListFilter {
  const states = words.after("states")?.split(" ");
  const pattern = new RegExp(`^(?:${words.after("like") ?? ".*"})$`);
  const longer = words.after("longer");
  return {
    states: states === undefined ? null : (states as TransactionState[]),
    producerIds: words.after("of")?.split(" ").map(Number) ?? [],
    durationMs: longer === undefined ? -1 : durationMs(longer),
    matches: (transactionalId) => pattern.test(transactionalId),
  };
}
