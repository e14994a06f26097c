/** A client's connections to brokers: one for each broker and lane, made when it is needed. */
import type { Api } from "../protocol/schema.ts";
import type { BrokerNode } from "./broker-node.ts";
import { type Network, SimulatedConnection } from "./network.ts";
import type { Process } from "./process.ts";
import { idAt, type Requests } from "./requests.ts";

// biome-ignore lint/suspicious/noExplicitAny: bodies and answers of all APIs
type Body = any;

/** @param response undefined: none came, the connection broke or it took too long. */
export type Done = (response: Body | undefined) => void;

interface Lane {
  readonly connection: SimulatedConnection;
  isOpen: boolean;
  readonly waiting: Uint8Array[];
  readonly inFlight: Map<number, InFlight>;
}

interface InFlight {
  readonly done: Done;
  readonly callOff: () => void;
}

export class ClientLink {
  readonly #process: Process;
  readonly #network: Network;
  readonly #requests: Requests;
  readonly #lanes = new Map<BrokerNode, Map<string, Lane>>();

  constructor(process: Process, network: Network, requests: Requests) {
    this.#process = process;
    this.#network = network;
    this.#requests = requests;
  }

  ask(
    broker: BrokerNode,
    lane: string,
    call: { readonly api: Api; readonly version: number; readonly body: Body; readonly timeoutMs: number },
    done: Done,
  ): void {
    const open = this.#lanes.get(broker)?.get(lane) ?? this.#open(broker, lane);
    const { id, frame } = this.#requests.make(this.#process.name, call.api, call.version, call.body);
    const callOff = this.#process.after(call.timeoutMs, () => this.#gone(broker, lane, open));
    open.inFlight.set(id, { done, callOff });
    if (open.isOpen) open.connection.send(frame);
    else open.waiting.push(frame);
  }

  /** All connections end; the process may be dead already. */
  close(): void {
    for (const { connection, inFlight } of [...this.#lanes.values()].flatMap((lanes) => [...lanes.values()])) {
      for (const { callOff } of inFlight.values()) callOff();
      inFlight.clear();
      connection.close();
    }
    this.#lanes.clear();
  }

  #open(broker: BrokerNode, name: string): Lane {
    const lane: Lane = {
      connection: new SimulatedConnection(this.#network, this.#process, broker, {
        opened: () => {
          lane.isOpen = true;
          for (const frame of lane.waiting.splice(0)) lane.connection.send(frame);
        },
        received: (frame) => this.#received(lane, frame),
        closed: () => this.#gone(broker, name, lane),
      }),
      isOpen: false,
      waiting: [],
      inFlight: new Map(),
    };
    const lanes = this.#lanes.get(broker) ?? new Map<string, Lane>();
    this.#lanes.set(broker, lanes.set(name, lane));
    return lane;
  }

  #received(lane: Lane, frame: Uint8Array): void {
    const id = idAt(frame, 0);
    const asked = this.#requests.of(frame, 0);
    this.#requests.forget(id);
    const waiting = lane.inFlight.get(id);
    if (waiting === undefined || asked === undefined) return;
    lane.inFlight.delete(id);
    waiting.callOff();
    waiting.done(asked.response);
  }

  #gone(broker: BrokerNode, name: string, lane: Lane): void {
    const lanes = this.#lanes.get(broker);
    if (lanes?.get(name) === lane) lanes.delete(name);
    lane.connection.close();
    const waiting = [...lane.inFlight.values()];
    lane.inFlight.clear();
    for (const { done, callOff } of waiting) {
      callOff();
      done(undefined);
    }
  }
}
