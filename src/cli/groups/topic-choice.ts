/** `--topic orders`, `--topic orders:0,2`, as often as needed. */
import { UsageError } from "../errors.ts";
import { largest } from "../key-values.ts";

export interface TopicChoice {
  readonly topic: string;
  /** "all": those that the topic has. */
  readonly partitions: readonly number[] | "all";
}

/** Each topic once; a partition that is named twice counts once. @throws {UsageError} */
export function topicChoices(texts: readonly string[]): TopicChoice[] {
  const chosen = new Map<string, Set<number> | "all">();
  for (const text of texts) {
    const { topic, partitions } = topicChoice(text);
    const before = chosen.get(topic) ?? new Set();
    chosen.set(topic, partitions === "all" || before === "all" ? "all" : new Set([...before, ...partitions]));
  }
  return [...chosen].map(([topic, partitions]) => {
    return { topic, partitions: partitions === "all" ? partitions : [...partitions].sort((a, b) => a - b) };
  });
}

function topicChoice(text: string): TopicChoice {
  const [topic = "", list, ...more] = text.split(":");
  const wanted = `--topic ${text}: expected a topic, or a topic and partitions as in orders:0,2`;
  if (topic === "" || more.length > 0) throw new UsageError(wanted);
  if (topic.includes(",")) throw new UsageError(`${wanted}; --topic may stand more than once`);
  if (list === undefined) return { topic, partitions: "all" };
  const partitions = list.split(",").map((each) => (/^\d+$/.test(each) ? Number(each) : -1));
  const bad = partitions.findIndex((partition) => partition < 0 || partition > largest.int32);
  if (bad >= 0) throw new UsageError(`${wanted}; "${list.split(",")[bad]}" is no partition`);
  return { topic, partitions };
}
