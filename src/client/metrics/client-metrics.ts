/**
 * What one client counts. On the way of each record there is an addition and nothing else; names, attributes and
 * averages are made when a snapshot is asked for.
 */
import { KafkaError } from "../errors.ts";
import { nowMs } from "../wait.ts";
import { type Definition, definitions, type MetricName } from "./definitions.ts";
import { DurationHistogram, RecentDurations } from "./durations.ts";
import type { Attributes, Metric } from "./metric.ts";

export type ClientKind = "producer" | "consumer" | "admin";

/** By the name of the API: OpenTelemetry's name and type of the operation. */
const operations: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  Produce: { name: "send", type: "send" },
  Fetch: { name: "poll", type: "receive" },
  OffsetCommit: { name: "commit", type: "settle" },
};

export interface Answered {
  readonly api: string;
  readonly nodeId: number;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly error: Error | undefined;
}

export class ClientMetrics {
  connectionsCreated = 0;
  connections = 0;
  #requests = 0;
  #outgoingBytes = 0;
  #incomingBytes = 0;
  readonly #byNode = new Map<number, RecentDurations>();
  readonly #byApi = new Map<string, RecentDurations>();
  readonly #operations = new Map<string, { readonly attributes: Attributes; readonly histogram: DurationHistogram }>();

  answered({ api, nodeId, durationMs, requestBytes, responseBytes, error }: Answered): void {
    this.#requests++;
    this.#outgoingBytes += requestBytes;
    this.#incomingBytes += responseBytes;
    const operation = operations[api];
    if (operation !== undefined) this.#operation(operation, error).add(durationMs);
    if (error !== undefined) return;
    const atMs = nowMs();
    durationsIn(this.#byNode, nodeId, atMs).add(durationMs, atMs);
    durationsIn(this.#byApi, api, atMs).add(durationMs, atMs);
  }

  /** From request to answer. */
  durationsOf(api: string): RecentDurations {
    return durationsIn(this.#byApi, api, nowMs());
  }

  snapshot(kind: ClientKind, common: Attributes): Metric[] {
    const told = new Snapshot(kind, common);
    told.number("org.apache.kafka.{client}.connection.creation.total", this.connectionsCreated);
    told.number("org.apache.kafka.{client}.connection.count", this.connections);
    told.number("org.apache.kafka.{client}.request.total", this.#requests);
    told.number("org.apache.kafka.{client}.outgoing.byte.total", this.#outgoingBytes);
    told.number("org.apache.kafka.{client}.incoming.byte.total", this.#incomingBytes);
    for (const [nodeId, recent] of this.#byNode) {
      told.recent("org.apache.kafka.{client}.node.request.latency", recent, { node_id: nodeId });
    }
    for (const { attributes, histogram } of this.#operations.values()) {
      told.histogram("messaging.client.operation.duration", histogram, attributes);
    }
    return told.metrics;
  }

  #operation({ name, type }: { name: string; type: string }, error: Error | undefined): DurationHistogram {
    const errorType = error === undefined ? undefined : errorTypeOf(error);
    const key = errorType === undefined ? name : `${name} ${errorType}`;
    let operation = this.#operations.get(key);
    if (operation === undefined) {
      const attributes = { "messaging.operation.name": name, "messaging.operation.type": type, ...errorOf(errorType) };
      operation = { attributes, histogram: new DurationHistogram() };
      this.#operations.set(key, operation);
    }
    return operation.histogram;
  }
}

function durationsIn<Key>(all: Map<Key, RecentDurations>, key: Key, atMs: number): RecentDurations {
  let durations = all.get(key);
  if (durations === undefined) {
    durations = new RecentDurations(atMs);
    all.set(key, durations);
  }
  return durations;
}

/** Few and known, as `error.type` must be. */
export function errorTypeOf(error: Error): string {
  return error instanceof KafkaError ? error.code : error.name;
}

export function errorOf(errorType: string | undefined): Attributes {
  return errorType === undefined ? {} : { "error.type": errorType };
}

type Averaged = {
  [Name in MetricName]: Name extends `${infer Stem}.avg` ? Stem : never;
}[MetricName];

/** A snapshot that is being made. */
export class Snapshot {
  readonly metrics: Metric[] = [];
  readonly #kind: ClientKind;
  readonly #common: Attributes;
  readonly #nowMs = nowMs();

  constructor(kind: ClientKind, common: Attributes) {
    this.#kind = kind;
    this.#common = common;
  }

  number(name: MetricName, value: number, attributes: Attributes = {}): void {
    const { type, unit }: Definition = definitions[name];
    if (type === "histogram") throw new Error(`${name} is a histogram`);
    this.metrics.push({ name: this.#nameOf(name), type, unit, value, attributes: { ...this.#common, ...attributes } });
  }

  /** Its average and maximum; neither where there was nothing of late. */
  recent(stem: Averaged, durations: RecentDurations, attributes: Attributes = {}): void {
    const told = durations.told(this.#nowMs);
    if (told === undefined) return;
    this.number(`${stem}.avg` as MetricName, told.avgMs, attributes);
    this.number(`${stem}.max` as MetricName, told.maxMs, attributes);
  }

  histogram(name: MetricName, { told }: DurationHistogram, attributes: Attributes = {}): void {
    const { unit } = definitions[name];
    const named = { name: this.#nameOf(name), unit, attributes: { ...this.#common, ...attributes } };
    this.metrics.push({ ...named, type: "histogram", ...told });
  }

  #nameOf(name: MetricName): string {
    return name.replace("{client}", this.#kind);
  }
}

/** What all metrics of a client have. */
export function commonAttributes(clientId: string, groupId?: string): Attributes {
  const group = groupId === undefined ? {} : { "messaging.consumer.group.name": groupId };
  return { "messaging.system": "kafka", "messaging.client.id": clientId, ...group };
}
