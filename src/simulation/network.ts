/**
 * Between clients and brokers: connections that keep the order of what they carry, each with delays of its own. A
 * partition holds everything back; when it heals, a connection goes on with what it held, or breaks.
 */
import type { BrokerConnection } from "../broker/connection.ts";
import type { BrokerNode } from "./broker-node.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export interface NetworkFaults {
  /** One way, at most; half of it at least. */
  readonly delayMs: number;
  /** Now and then something takes much longer. */
  readonly slowChance: number;
  readonly slowMs: number;
  /** Of the frames, how many break their connection instead of arriving. */
  readonly breakChance: number;
}

export class Network {
  readonly world: World;
  readonly random: Random;
  readonly connections = new Set<SimulatedConnection>();
  faults: NetworkFaults;
  /** "client>broker" */
  readonly #blocked = new Set<string>();

  constructor(world: World, faults: NetworkFaults) {
    this.world = world;
    this.random = world.random.fork("network");
    this.faults = faults;
  }

  delayMs(): number {
    const { delayMs, slowChance, slowMs } = this.faults;
    if (slowChance > 0 && this.random.chance(slowChance)) return this.random.between(0, slowMs);
    return this.random.between(0.5, 1) * delayMs;
  }

  block(client: string, broker: number): void {
    this.#blocked.add(`${client}>${broker}`);
  }

  /** @param goesOn decides of each connection whether it goes on or breaks. */
  heal(client: string, broker: number): void {
    if (!this.#blocked.delete(`${client}>${broker}`)) return;
    for (const connection of [...this.connections]) {
      if (connection.client.name !== client || connection.broker.id !== broker) continue;
      if (this.random.chance(0.5)) connection.goOn();
      else connection.break();
    }
  }

  healAll(): void {
    for (const pair of [...this.#blocked]) {
      const [client, broker] = pair.split(">") as [string, string];
      this.heal(client, Number(broker));
    }
  }

  isBlocked(client: string, broker: number): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(`${client}>${broker}`);
  }
}

export interface ConnectionEnd {
  /** The broker took the connection. */
  opened(): void;
  received(frame: Uint8Array): void;
  /** The connection is gone, or could not be made. */
  closed(): void;
}

export class SimulatedConnection {
  readonly client: Process;
  readonly broker: BrokerNode;
  /** The broker's process that it was made with. */
  readonly #network: Network;
  readonly #end: ConnectionEnd;
  #server: { readonly process: Process; readonly connection: BrokerConnection } | undefined;
  #isBroken = false;
  #hasHungUp = false;
  #held: (() => void)[] = [];
  #lastUpMs = 0;
  #lastDownMs = 0;

  constructor(network: Network, client: Process, broker: BrokerNode, end: ConnectionEnd) {
    this.#network = network;
    this.client = client;
    this.broker = broker;
    this.#end = end;
    network.connections.add(this);
    this.#up(() => this.#accept());
  }

  send(frame: Uint8Array): void {
    const { faults, random } = this.#network;
    if (faults.breakChance > 0 && random.chance(faults.breakChance)) {
      if (random.chance(0.5)) this.#up(() => this.#receive(frame));
      return this.break();
    }
    this.#up(() => this.#receive(frame));
  }

  /** The client hangs up; the broker hears of it behind all that was sent. */
  close(): void {
    if (this.#hasHungUp) return;
    this.#hasHungUp = true;
    const times = this.#network.random.chance(0.1) ? 2 : 1;
    for (let time = 0; time < times; time++) {
      this.#up(() => {
        this.#server?.connection.closed();
        this.#network.connections.delete(this);
      });
    }
  }

  /** Both ends hear of it, each some time later. */
  break(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#network.connections.delete(this);
    const { world } = this.#network;
    const server = this.#server;
    world.after(this.#network.delayMs(), () => server?.process.deliver(() => server.connection.closed()));
    world.after(this.#network.delayMs(), () => this.client.deliver(() => this.#hangUp()));
  }

  goOn(): void {
    const held = this.#held;
    this.#held = [];
    for (const deliver of held) deliver();
  }

  #hangUp(): void {
    this.#hasHungUp = true;
    this.#end.closed();
  }

  #accept(): void {
    const server = this.broker.accept(this.client.name, {
      send: (frame) => this.#down(() => this.#end.received(frame)),
      close: () => this.break(),
    });
    if (server === undefined) return this.break();
    this.#server = server;
    this.#down(() => this.#end.opened());
  }

  #receive(frame: Uint8Array): void {
    if (this.#server === undefined || this.#isBroken) return;
    this.broker.receive(this.#server.connection, frame);
  }

  #up(arrive: () => void): void {
    this.#lastUpMs = this.#arrivesAt(this.#lastUpMs);
    this.#network.world.at(this.#lastUpMs, () => {
      if (this.#isHeldBack()) this.#held.push(() => this.#reachServer(arrive));
      else if (!this.#isBroken) this.#reachServer(arrive);
    });
  }

  #down(arrive: () => void): void {
    this.#lastDownMs = this.#arrivesAt(this.#lastDownMs);
    this.#network.world.at(this.#lastDownMs, () => {
      if (this.#isHeldBack()) this.#held.push(() => this.#reachClient(arrive));
      else if (!this.#isBroken) this.#reachClient(arrive);
    });
  }

  #reachServer(arrive: () => void): void {
    const process = this.#server?.process;
    if (process === undefined) arrive();
    else process.deliver(arrive);
  }

  #reachClient(arrive: () => void): void {
    if (!this.#hasHungUp) this.client.deliver(arrive);
  }

  /** If nothing holds it back. Nothing overtakes what was sent before on the same way. */
  #arrivesAt(notBeforeMs: number): number {
    return Math.max(notBeforeMs, this.#network.world.nowMs + this.#network.delayMs());
  }

  #isHeldBack(): boolean {
    return this.#held.length > 0 || this.#network.isBlocked(this.client.name, this.broker.id);
  }
}
