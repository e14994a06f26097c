/**
 * The shards of one coordinator's topic: what each broker has of them since its last load, and what their logs make of
 * it when they are replayed apart.
 */
import type { RecordCodec } from "../coordinator/machine.ts";
import type { BrokerNode } from "./broker-node.ts";
import type { LogEntry, WatchedPartition } from "./watched-partition.ts";
import type { World } from "./world.ts";

export interface LeadRules<R, S, W> {
  readonly topic: string;
  readonly codec: RecordCodec<R>;
  newState(): S;
  /** What is durable is replayed as well, for those who ask. */
  readonly keepsDurable: boolean;
  replay(state: S, entry: LogEntry<R>): void;
  /** What the coordinator has, to be compared with what was replayed apart. */
  stateOf(machine: W): S;
  /** @param record that was written last; undefined: all of it is compared. */
  difference(replayed: S, has: S, record: R | undefined): string | undefined;
  /** A record was appended, and is about to be replayed apart. @param state as it is before */
  appending(entry: LogEntry<R>, state: S, node: BrokerNode): void;
  describe(entry: LogEntry<R>): string;
  loaded(machine: W): void;
}

/** One broker's part in a shard, since its last load. */
export interface Lead<R, S, W> {
  readonly log: WatchedPartition<R>;
  machine: W | undefined;
  /** What the log's records make, replayed apart from the coordinator; and those of them that are durable. */
  shadow: S | undefined;
  durable: S | undefined;
  /** Records that the log had taken from this broker when the coordinator was loaded. */
  appendedBefore: number;
}

interface Loadable {
  readonly partition: number;
  emittedRecords: number;
}

export class Leads<R, S, W extends Loadable> {
  readonly #world: World;
  readonly #rules: LeadRules<R, S, W>;
  readonly #leaderOf: ((partition: number) => BrokerNode | undefined) | undefined;
  /** "broker/partition" */
  readonly #leads = new Map<string, Lead<R, S, W>>();

  /** @param leaderOf who leads a partition, as the cluster has it; undefined: every broker has its own */
  constructor(
    world: World,
    leaderOf: ((partition: number) => BrokerNode | undefined) | undefined,
    rules: LeadRules<R, S, W>,
  ) {
    this.#world = world;
    this.#leaderOf = leaderOf;
    this.#rules = rules;
  }

  get codec(): RecordCodec<R> {
    return this.#rules.codec;
  }

  of(node: BrokerNode, partition: number): Lead<R, S, W> | undefined {
    return this.#leads.get(`${node.id}/${partition}`);
  }

  all(node: BrokerNode): Lead<R, S, W>[] {
    return [...this.#leads].filter(([key]) => key.startsWith(`${node.id}/`)).map(([, lead]) => lead);
  }

  begin(node: BrokerNode, log: WatchedPartition<R>): void {
    const key = `${node.id}/${log.partition}`;
    this.#leads.get(key)?.log.cut();
    this.#leads.set(key, { log, machine: undefined, shadow: undefined, durable: undefined, appendedBefore: 0 });
  }

  /** The broker does not lead it any more, and knows. */
  forget(node: BrokerNode, partition: number): void {
    const key = `${node.id}/${partition}`;
    this.#leads.get(key)?.log.cut();
    this.#leads.delete(key);
  }

  died(node: BrokerNode): void {
    for (const { log } of this.all(node)) this.forget(node, log.partition);
  }

  /** A coordinator is about to be loaded. */
  loading(lead: Lead<R, S, W>): void {
    lead.log.loaded = [];
    lead.machine = undefined;
  }

  loaded(node: BrokerNode, lead: Lead<R, S, W>, machine: W): void {
    const { topic, newState, replay, stateOf, difference } = this.#rules;
    const { log } = lead;
    lead.machine = machine;
    if (log.highWatermark < log.readUpTo) {
      const where = `broker-${node.id}, ${log.name}`;
      this.#world.violated("no reply before durability", `${where} serves what it read and no sync has covered`);
    }
    lead.appendedBefore = log.appendedRecords;
    log.durableRecords = log.appendedRecords;
    lead.shadow = newState();
    lead.durable = this.#rules.keepsDurable ? newState() : undefined;
    for (const entry of log.loaded) {
      replay(lead.shadow, entry);
      if (lead.durable !== undefined) replay(lead.durable, entry);
    }
    log.loaded = [];
    machine.emittedRecords = 0;
    this.#compare(node, lead, difference(lead.shadow, stateOf(machine), undefined));
    this.#world.tell(() => `${node.name} has loaded ${topic}-${machine.partition}`);
    this.#rules.loaded(machine);
  }

  appended(node: BrokerNode, lead: Lead<R, S, W>, entries: readonly LogEntry<R>[]): void {
    const world = this.#world;
    const { appending, replay, describe, stateOf, difference } = this.#rules;
    const { log, machine } = lead;
    const shadow = lead.shadow!;
    if (this.#leaderOf !== undefined && this.#leaderOf(log.partition) !== node && node.isUp) {
      world.violated("a deposed coordinator changes nothing", `${node.name} appends to ${log.name}`);
    }
    for (const entry of entries) {
      if (world.isTold) world.tell(() => `  log ${describe(entry)}`);
      appending(entry, shadow, node);
      replay(shadow, entry);
    }
    if (machine === undefined) return;
    if (log.appendedRecords - lead.appendedBefore !== machine.emittedRecords) return; // more is on its way
    for (const entry of entries) {
      if ("record" in entry) this.#compare(node, lead, difference(shadow, stateOf(machine), entry.record));
    }
  }

  durable({ durable }: Lead<R, S, W>, entries: readonly LogEntry<R>[]): void {
    if (durable !== undefined) for (const entry of entries) this.#rules.replay(durable, entry);
  }

  #compare(node: BrokerNode, { log }: Lead<R, S, W>, difference: string | undefined): void {
    if (difference === undefined) return;
    this.#world.violated("replay of the log gives the durable state", `${node.name}, ${log.name}: ${difference}`);
  }
}
