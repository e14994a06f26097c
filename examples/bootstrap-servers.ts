/** Where the broker of the walks listens: REGROUP_BOOTSTRAP_SERVERS, or the port that `npm start` takes. */
import { Kafka, KafkaError } from "regroup";

const waitMs = 3000;

export const bootstrapServers = process.env.REGROUP_BOOTSTRAP_SERVERS ?? "127.0.0.1:9092";

/** @returns where it listens, once it answers. Who waits in vain is told how to start one, and the program ends. */
export async function answeringBroker(): Promise<string> {
  await using admin = new Kafka({ bootstrapServers }).admin();
  try {
    await admin.describeCluster({ timeoutMs: waitMs });
    return bootstrapServers;
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    const isNobody = error.code === "CONNECTION_FAILED" || error.code === "TIMED_OUT";
    const start = "start one in the repository's folder with: npm start -- --ephemeral";
    console.error(
      isNobody ? `No broker answers at ${bootstrapServers}; ${start}` : `${bootstrapServers}: ${error.message}`,
    );
    process.exit(1);
  }
}
