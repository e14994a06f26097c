/** A partition by its topic's name and its number, from 0. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A key for maps. A topic's name has no slash. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
