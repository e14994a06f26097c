/** The way in: one configuration, from which producers, consumers and admins are made. */
import { Admin } from "./admin/admin.ts";
import type { AdminConfigInput } from "./admin-keys.ts";
import type { ClientConfigInput } from "./client-keys.ts";
import type { Cluster } from "./cluster.ts";
import { mergeInputs, readConfig, type tables } from "./config.ts";
import type { ConfigOf } from "./config-key.ts";
import { Consumer } from "./consumer/consumer.ts";
import type { ConsumerConfigInput } from "./consumer-keys.ts";
import { loggerFrom } from "./logger.ts";
import type { Metric } from "./metrics/metric.ts";
import { openCluster } from "./open-cluster.ts";
import { Producer } from "./producer/producer.ts";
import type { Writable } from "./producer/record.ts";
import type { ProducerConfigInput } from "./producer-keys.ts";
import type { Deserialized, Serialized } from "./topic-types.ts";

/**
 * @example
 * const kafka = new Kafka({ bootstrapServers: '127.0.0.1:9092', clientId: 'billing' })
 * await using producer = kafka.producer()
 * @example
 * const kafka = new Kafka<{ orders: Order }>({ bootstrapServers: '127.0.0.1:9092' })
 * await kafka.producer({ valueSerializer: 'json' }).send({ topic: 'orders', value: order })
 */
export class Kafka<Topics = unknown> {
  readonly #input: ClientConfigInput;
  readonly #open = new Map<Cluster, { metrics(): Metric[] }>();
  /** Only for types: clients of topics with types are no clients of any topic. */
  declare protected readonly topicTypes?: (topics: Topics) => void;

  /**
   * Connects nowhere yet. Keys are those of `clientKeys` (client-keys.ts), spelled 'bootstrap.servers' or
   * bootstrapServers.
   * @throws {ClientConfigError}
   */
  constructor(config: ClientConfigInput) {
    readConfig("Kafka", config);
    this.#input = config;
  }

  /** Connects at its first call. @throws {ClientConfigError} */
  admin(config: AdminConfigInput = {}): Admin {
    return this.#opened(openCluster(this.#configOf("admin", config)), (cluster) => new Admin(cluster));
  }

  /**
   * Connects at its first record. `K` and `V` are what the configured serializers take; without any, bytes and texts.
   * @throws {ClientConfigError}
   */
  producer<K = Writable, V = Writable>(this: Kafka, config?: ProducerConfigInput): Producer<K, V>;
  /** For topics with types. */
  producer<const C extends ProducerConfigInput = ProducerConfigInput>(
    config?: C & ProducerConfigInput,
  ): Producer<Serialized<C, "key">, Serialized<C, "value">, Topics>;
  producer(config: ProducerConfigInput = {}): unknown {
    const read = this.#configOf("producer", config);
    return this.#opened(openCluster(read), (cluster) => new Producer(cluster, read));
  }

  /**
   * Connects when it is first read from. Keys and values are bytes, or what the deserializers make of them.
   * @throws {ClientConfigError}
   */
  consumer<const C extends ConsumerConfigInput>(
    config: C & ConsumerConfigInput,
  ): Consumer<Deserialized<C, "key">, Deserialized<C, "value">, Topics> {
    const read = this.#configOf("consumer", config);
    return this.#opened(openCluster(read), (cluster) => new Consumer(cluster, read));
  }

  /** Of all its clients that are not closed; docs/observability.md tells each. */
  metrics(): Metric[] {
    this.#forgetClosed();
    return [...this.#open.values()].flatMap((client) => client.metrics());
  }

  #opened<C extends { metrics(): Metric[] }>(cluster: Cluster, make: (cluster: Cluster) => C): C {
    this.#forgetClosed();
    const client = make(cluster);
    this.#open.set(cluster, client);
    return client;
  }

  #forgetClosed(): void {
    for (const cluster of this.#open.keys()) if (cluster.isClosed) this.#open.delete(cluster);
  }

  /** The configuration of one client: this one's keys and those given for it, which win. @throws {ClientConfigError} */
  #configOf<K extends keyof typeof tables>(kind: K, input: object): ConfigOf<(typeof tables)[K]> {
    const logger = loggerFrom(this.#input.logger);
    return readConfig(kind, mergeInputs(kind, this.#input, input), (name) =>
      logger.warn({ key: name }, "a key of the Java client that has no effect here"),
    );
  }
}
