import type { Logger } from "../broker/context.ts";
import { ConfigError } from "../metadata/config-def.ts";

/** A topic to make. */
export interface TopicSpec {
  readonly partitions?: number;
  /** Kafka's names: `{ "cleanup.policy": "compact" }`. */
  readonly configs?: Readonly<Record<string, string>>;
}

/** What a test's broker begins with. */
export interface StartBrokerOptions {
  /** Topics to begin with: their number of partitions, or more of them. A list makes topics of one partition. */
  readonly topics?: readonly string[] | Readonly<Record<string, number | TopicSpec>>;
  /** Kafka's names and values, as in server.properties. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** `virtual` moves when told (`kafka.clock.advance`), so that sessions expire without waiting. */
  readonly clock?: "real" | "virtual";
  /** Decides all ids that the broker makes. 1 when not given: they are the same in every run. */
  readonly seed?: number;
  /** So many nodes for clients to see, each with a port of its own. */
  readonly nodes?: number;
  /** Of the first node; any free one when not given. */
  readonly port?: number;
  /** Moves the timers of the clients in this process with virtual time: `(ms) => mock.timers.tick(ms)`. */
  readonly tick?: (ms: number) => unknown;
  /** How long states are awaited; on the machine's clock. */
  readonly timeoutMs?: number;
  /**
   * Virtual time goes on when sockets were quiet for so long. Enough for clients of this process; those of other
   * processes need more (the control port takes 20).
   */
  readonly quietMs?: number;
  /** Where the broker's log lines go; pino's loggers fit. Nowhere by default. */
  readonly logger?: Logger;
}

/** What differs from Kafka's defaults: nothing waits for its own sake. */
const testDefaults = {
  "group.initial.rebalance.delay.ms": "0",
  "group.min.session.timeout.ms": "1",
  "offsets.topic.num.partitions": "5",
};

/** @param ports where the nodes' listeners were before a restart. */
export function settingsOf(options: StartBrokerOptions, listeners: readonly string[], ports: readonly number[]) {
  const own = ["listeners", "advertised.listeners", "listener.security.protocol.map", "node.id"];
  const refused = own.find((key) => options.config?.[key] !== undefined);
  if (refused !== undefined) throw new ConfigError(`${refused}: a test's broker takes port and nodes instead`);
  const [first = 0, ...others] = ports;
  const portOf = (at: number) => (at === 0 ? first || (options.port ?? 0) : (others[at - 1] ?? 0));
  const given = Object.entries(options.config ?? {}).map(([key, value]) => [key, String(value)] as const);
  const settings = new Map<string, string>([
    ...Object.entries(testDefaults),
    ...given,
    ["listeners", listeners.map((name, at) => `${name}://127.0.0.1:${portOf(at)}`).join(",")],
    ["listener.security.protocol.map", listeners.map((name) => `${name}:PLAINTEXT`).join(",")],
    ["node.id", "1"],
  ]);
  return [...settings].map(([key, value]) => ({ key, value, where: "given to startBroker" }));
}

/** Topics as they are made. */
export function topicsOf({ topics = [] }: StartBrokerOptions): [name: string, spec: TopicSpec][] {
  const named: [string, number | TopicSpec][] = Array.isArray(topics)
    ? topics.map((name: string) => [name, 1])
    : Object.entries(topics as Readonly<Record<string, number | TopicSpec>>);
  return named.map(([name, spec]) => [name, typeof spec === "number" ? { partitions: spec } : spec]);
}
