/** How many transactions there are at most, and how long a commit takes when there are fewer. */
import { type Trial, trial } from "./row.ts";

/** Together these begin 100 a second, of which a round times 500: enough for a p99 that is not the one worst. */
const paced = { producers: 5, rate: 20, warmUpSeconds: 2, seconds: 5 };
const asKafka = { fsync: { ratio: 1 }, os: { ratio: 1 } };

function transactions(partitions: number, records: number): Trial {
  const what = `transactions, ${partitions} partitions, ${records} records each`.replace(/\b1 (\w+)s\b/g, "1 $1");
  return trial({
    id: `transactions-${partitions}x${records}`,
    settings: ["fsync", "os"],
    rounds: 3,
    seconds: 10.5,
    figures: {
      perSecond: { what, unit: "transactions/s", better: "more", targets: asKafka },
      p99: { what: `${what}: commit, p99 at 100/s`, unit: "ms", better: "less", targets: asKafka },
    },
    measure: async ({ server }, topic, run) => {
      const options = { server, partitions, records };
      const most = { producers: 4, warmUpSeconds: 0.5, seconds: 1.5 };
      const { perSecond } = await run("transactions", { ...options, topic, ...most });
      const { p99 } = await run("transactions", { ...options, topic: `${topic}-paced`, ...paced });
      return { perSecond, p99 };
    },
  });
}

export const transactionTrials: readonly Trial[] = [
  transactions(1, 1),
  transactions(1, 100),
  transactions(10, 1),
  transactions(10, 100),
];
