import { until } from "./until.ts";
import { Connection } from "./wire/connection.ts";

const notYet = [14, 15, 16]; // COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR
const names = Array.from({ length: 600 }, (_, number) => `probe-${number}`); // some for each of the 50 partitions

/**
 * Awaits that a broker coordinates groups and transactions on every partition of its internal topics, and has producer
 * ids to give.
 */
export async function untilReady(address: string): Promise<void> {
  const connection = await Connection.open(address);
  const coordinatorOf = async (keyType: number) =>
    (await connection.ask("FindCoordinator", { keyType, coordinatorKeys: ["probe"] })).coordinators;
  const isReady = async () => {
    const coordinators = [...(await coordinatorOf(0)), ...(await coordinatorOf(1))];
    const { groups } = await connection.ask("DescribeGroups", { groups: names }, 5);
    const { transactionStates } = await connection.ask("DescribeTransactions", { transactionalIds: names });
    const producer = await connection.ask("InitProducerId", { transactionalId: null, transactionTimeoutMs: 1000 }, 5);
    const answers = [...coordinators, ...groups, ...transactionStates, producer];
    return answers.every(({ errorCode }) => !notYet.includes(errorCode));
  };
  await until(`${address} coordinates groups and transactions`, isReady, 60_000);
  connection.close();
}
