/** The topics of a world, and how they are made. */
export const offsetsTopic = "__consumer_offsets";
export const transactionsTopic = "__transaction_state";

/** Whatever the brokers' clocks say, records are taken, and stay. */
const configs = [
  { name: "retention.ms", value: "-1" },
  { name: "message.timestamp.after.max.ms", value: "9223372036854775807" },
];

export function newTopic(name: string, numPartitions: number) {
  return { name, numPartitions, replicationFactor: 1, assignments: [], configs };
}
