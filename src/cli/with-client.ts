/**
 * Opens the clients of src/client for one command, and closes them when it ends. Each command loads no more of them
 * than it uses: producer and consumer take longer to load than a call of the admin takes.
 */
import type { Admin } from "../client/admin/admin.ts";
import type { Cluster } from "../client/cluster.ts";
import type { tables } from "../client/config.ts";
import type { ConfigOf } from "../client/config-key.ts";
import type { Consumer } from "../client/consumer/consumer.ts";
import type { ConsumerConfig } from "../client/consumer-keys.ts";
import type { Producer } from "../client/producer/producer.ts";
import type { ConnectionFlags, DataFlags } from "./broker-command.ts";
import { ClientMessages } from "./client-messages.ts";
import { FailedError } from "./errors.ts";
import { warn } from "./messages.ts";
import { Output } from "./output/output.ts";
import { isClientError } from "./report-error.ts";
import { unlessInterrupted } from "./signals.ts";

/** Keys of the client, by their names with dots: what the options of one command say. */
export type Overrides = Readonly<Record<string, unknown>>;

type Kind = "admin" | "producer" | "consumer";

export interface AdminContext {
  readonly admin: Admin;
  readonly output: Output;
}

/** Runs until the work is done or a signal comes. @throws what the work throws, {UsageError}, {Interrupted}. */
export async function withAdmin<T>(
  flags: DataFlags,
  work: (context: AdminContext) => Promise<T>,
  overrides: Overrides = {},
): Promise<T> {
  const admin = await openAdmin(flags, overrides);
  try {
    return await unlessInterrupted(work({ admin, output: new Output(flags.output) }));
  } finally {
    await admin.close();
  }
}

/** The caller closes it. @throws {UsageError}, {FailedError} when no broker answers. */
export async function openAdmin(flags: ConnectionFlags, overrides: Overrides = {}): Promise<Admin> {
  const [{ Admin }, { cluster }] = await Promise.all([
    import("../client/admin/admin.ts"),
    open("admin", flags, overrides),
  ]);
  return new Admin(cluster);
}

/** The caller closes it. @throws {UsageError}, {FailedError} when no broker answers. */
export async function openProducer(flags: ConnectionFlags, overrides: Overrides): Promise<Producer> {
  const [{ Producer }, { cluster, config }] = await Promise.all([
    import("../client/producer/producer.ts"),
    open("producer", flags, overrides),
  ]);
  return orClose(cluster, () => new Producer(cluster, config));
}

export interface ConsumerContext {
  readonly consumer: Consumer;
  /** Over the connections of the consumer, which closes both. */
  readonly admin: Admin;
  readonly config: ConsumerConfig;
}

/** The caller closes it. @throws {UsageError}, {FailedError} when no broker answers. */
export async function openConsumer(flags: ConnectionFlags, overrides: Overrides): Promise<ConsumerContext> {
  const [{ Consumer }, { Admin }, { cluster, config }] = await Promise.all([
    import("../client/consumer/consumer.ts"),
    import("../client/admin/admin.ts"),
    open("consumer", flags, overrides),
  ]);
  return orClose(cluster, () => ({ consumer: new Consumer(cluster, config), admin: new Admin(cluster), config }));
}

/** Keys may contradict each other: nothing is left open then. */
async function orClose<T>(cluster: Cluster, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** What `new Kafka(…).admin()` and its sisters do; connected. */
async function open<K extends Kind>(
  kind: K,
  flags: ConnectionFlags,
  overrides: Overrides,
): Promise<{ readonly cluster: Cluster; readonly config: ConfigOf<(typeof tables)[K]> }> {
  const [{ openCluster }, { readConfig }, { clientSettings }] = await Promise.all([
    import("../client/open-cluster.ts"),
    import("../client/config.ts"),
    import("./client-settings.ts"),
  ]);
  const logger = new ClientMessages(flags.verbose);
  const settings = await clientSettings(kind, flags, overrides);
  const config = readConfig(kind, { ...settings, logger }, (key) => {
    warn(`${key}: a key of the Java client that has no effect here`);
  });
  const cluster = openCluster(config);
  await met(cluster);
  logger.isConnected = true;
  return { cluster, config };
}

/** A program tries again while nobody answers; a person is told at once. @throws {FailedError} */
async function met(cluster: Cluster): Promise<void> {
  try {
    await unlessInterrupted(cluster.versions("any", { timeoutMs: cluster.config.defaultApiTimeoutMs }));
  } catch (error) {
    await cluster.close();
    if (!isClientError(error) || !error.retriable) throw error;
    throw new FailedError(`${error.message} (is it running there? --bootstrap-server names another)`);
  }
}
