/**
 * One client's connection: requests run one after the other and are answered in their order; one that parks holds back
 * those behind it (rule 58). Only a Produce directly behind a Produce starts before the earlier one is durable.
 */

import { decoderOf } from "../protocol/codec.ts";
import { encodeResponseFrame, peekRequest, readRequestHeader } from "../protocol/frame.ts";
import { ProtocolError } from "../protocol/protocol-error.ts";
import type { Api, RequestOf } from "../protocol/schema.ts";
import type { Answer, BrokerServices, Connection } from "./context.ts";
import { apiVersionsOfStranger } from "./handlers/api-versions.ts";
import type { ServedApi } from "./handlers/index.ts";
import type { Interceptor } from "./interceptor.ts";

/** What the outside does for a connection. */
export interface Peer {
  /** The client's address, without a port. */
  readonly clientHost: string;
  readonly listener: string;
  /** The client does not read its answers: nothing more is worked out for it until it does. */
  readonly isBehind: boolean;
  /** Sends one whole frame, in pieces; soon, so that it leaves together with others. The array is given away. */
  send(pieces: Uint8Array[]): void;
  /** There are no others now. */
  flush?(): void;
  /** The broker has no more use for the bytes of a frame; of those frames that are worth the telling. */
  doneWith?(frame: Uint8Array): void;
  /** The connection is to be closed; `reason` is for the log. */
  close(reason: string): void;
  /** Too much is queued: read no more until told to go on. */
  pauseReading(paused: boolean): void;
}

export interface BrokerConnection {
  /** The size of the next frame is known, the frame is not whole: it counts from now on. 0 when none has begun. */
  announce(bytes: number): void;
  /** Takes one frame without its size. The bytes are the broker's until it has answered. */
  receive(frame: Uint8Array): void;
  /** The client reads again: `isBehind` is over. */
  caughtUp(): void;
  /** The client has gone. */
  closed(): void;
}

/** Bytes of requests that come in, wait or run, over all connections. */
export interface QueuedBytes {
  add(bytes: number): void;
  remove(bytes: number): void;
}

/** From this many requests (or bytes of them) waiting on one connection on, no more are read. */
const maxWaiting = 64;
const maxWaitingBytes = 4 * 1024 * 1024;

interface Running {
  readonly api: Api;
  version: number;
  readonly correlationId: number;
  readonly frameBytes: number;
  /** Of those that are given back. */
  readonly frame: Uint8Array | undefined;
  isAnswered: boolean;
  /** undefined when there is nothing to send. */
  response: Answer<Api>;
  /** The request that was started behind it. */
  next: Running | undefined;
}

const produceKey = 0;
const apiVersionsKey = 18;

export class ClientConnection implements BrokerConnection, Connection {
  readonly #broker: BrokerServices;
  readonly #served: ReadonlyMap<number, ServedApi>;
  readonly #peer: Peer;
  readonly #queued: QueuedBytes;
  readonly #intercept: Interceptor | undefined;
  readonly #onClosed = new Set<() => void>();
  readonly #waiting: Uint8Array[] = [];
  /** Those that run, in their order: a list, since an array that is filled and emptied for each request is garbage. */
  #first: Running | undefined;
  #last: Running | undefined;
  #waitingBytes = 0;
  #isClosed = false;
  #isPaused = false;
  #isHeld = false;
  /** By the request that was started last: none may start behind it. */
  #isHeldBack = false;
  /** Of the frame that is coming in. */
  #announcedBytes = 0;
  /** It has its place: even when all are held this one may finish it, else nobody ever could. */
  #isAnnouncedCounted = false;

  constructor(
    broker: BrokerServices,
    served: ReadonlyMap<number, ServedApi>,
    peer: Peer,
    queued: QueuedBytes,
    intercept?: Interceptor,
  ) {
    this.#broker = broker;
    this.#served = served;
    this.#peer = peer;
    this.#queued = queued;
    this.#intercept = intercept;
  }

  get clientHost(): string {
    return this.#peer.clientHost;
  }

  get listener(): string {
    return this.#peer.listener;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  onClosed(callback: () => void): () => void {
    if (this.#isClosed) callback();
    else this.#onClosed.add(callback);
    return () => this.#onClosed.delete(callback);
  }

  announce(bytes: number): void {
    if (this.#isClosed || bytes === this.#announcedBytes) return;
    this.#announcedBytes = bytes;
    this.#countAnnounced();
  }

  /** As Kafka takes a request's memory from its pool: once its size is read, and when there is some. */
  #countAnnounced(): void {
    if (this.#isHeld || this.#isAnnouncedCounted || this.#announcedBytes === 0) return;
    this.#isAnnouncedCounted = true;
    this.#queued.add(this.#announcedBytes);
  }

  /** The frame is here, or will never be. @returns what was counted of it. */
  #forgetAnnounced(): number {
    const counted = this.#isAnnouncedCounted ? this.#announcedBytes : 0;
    this.#announcedBytes = 0;
    this.#isAnnouncedCounted = false;
    return counted;
  }

  hold(): () => void {
    this.#isHeldBack = true;
    return () => {
      this.#isHeldBack = false;
      this.#runWhatMay();
    };
  }

  receive(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.#queued.add(frame.length - this.#forgetAnnounced());
    if (this.#waiting.length === 0 && this.#mayRun(frame)) {
      this.#run(frame);
    } else {
      this.#waiting.push(frame);
      this.#waitingBytes += frame.length;
    }
    this.#pause();
  }

  caughtUp(): void {
    this.#runWhatMay();
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const bytes = this.#waitingBytes + this.#forgetAnnounced();
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#queued.remove(bytes);
    for (const callback of [...this.#onClosed]) callback();
    this.#onClosed.clear();
  }

  /** All clients together have too much queued; each is read from again when they have not. */
  holdAll(hold: boolean): void {
    this.#isHeld = hold;
    this.#countAnnounced();
    this.#pause();
  }

  #runWhatMay(): void {
    for (let frame = this.#waiting[0]; frame !== undefined && this.#mayRun(frame); frame = this.#waiting[0]) {
      this.#waiting.shift();
      this.#waitingBytes -= frame.length;
      this.#run(frame);
    }
    this.#pause();
  }

  #pause(): void {
    const isHeld = this.#isHeld && !this.#isAnnouncedCounted;
    const pause = isHeld || this.#waiting.length >= maxWaiting || this.#waitingBytes >= maxWaitingBytes;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    this.#peer.pauseReading(pause);
  }

  #mayRun(frame: Uint8Array): boolean {
    if (this.#peer.isBehind || this.#isHeldBack) return false;
    if (this.#last === undefined) return true;
    return this.#last.api.key === produceKey && frame.length >= 2 && frame[0] === 0 && frame[1] === produceKey;
  }

  #run(frame: Uint8Array): void {
    try {
      this.#start(frame);
    } catch (error) {
      this.#queued.remove(frame.length);
      if (error instanceof ProtocolError) this.close(`a request cannot be read: ${error.message}`);
      else this.#defect(error);
    }
  }

  #start(frame: Uint8Array): void {
    const { apiKey, apiVersion: version, correlationId } = peekRequest(frame);
    const served = this.#served.get(apiKey);
    const lowest = served?.api.versions[0] ?? 0;
    const highest = served?.api.advertised[1] ?? -1; // versions that Kafka has not finished are not served
    if (served === undefined || version < lowest || version > highest) {
      this.#queued.remove(frame.length);
      if (apiKey !== apiVersionsKey) return this.close(`API ${apiKey} is not served in version ${version}`);
      return this.#peer.send(apiVersionsOfStranger(this.#served, correlationId));
    }
    const { api, handle } = served;
    const { header, bodyAt } = readRequestHeader(api, version, frame);
    const request = decoderOf(api.request, version)(frame, bodyAt) as RequestOf<Api>;
    const running: Running = {
      api,
      version,
      correlationId,
      frameBytes: frame.length,
      frame: this.#isDoneWhenAnswered(api) ? frame : undefined,
      isAnswered: false,
      response: undefined,
      next: undefined,
    };
    this.#began(running);
    const context = { broker: this.#broker, connection: this, version, clientId: header.clientId ?? "" };
    const answer = this.#intercept
      ? this.#intercept({ api, request, context, handle, answerIn: speaker(running) })
      : handle(request, context);
    if (answer instanceof Promise) this.#await(running, answer);
    else this.#answered(running, answer);
  }

  /** Its records are copied into the log. What others bring may stay in a state, and whoever looks on may keep it. */
  #isDoneWhenAnswered({ key }: Api): boolean {
    return key === produceKey && this.#intercept === undefined;
  }

  #began(running: Running): void {
    if (this.#last === undefined) this.#first = running;
    else this.#last.next = running;
    this.#last = running;
  }

  #await(running: Running, answer: Promise<Answer<Api>>): void {
    answer.then(
      (response) => {
        this.#answered(running, response);
        this.#runWhatMay();
        // Of many that wait for one event, as members of a group do, the first has its answer before the last is told.
        if (this.#first === undefined) this.#peer.flush?.();
      },
      (error) => this.#failed(running, error),
    );
  }

  #answered(running: Running, response: Answer<Api>): void {
    running.isAnswered = true;
    running.response = response;
    for (let first = this.#first; first?.isAnswered; first = this.#first) {
      this.#first = first.next;
      first.next = undefined; // what was answered holds nothing that came later
      if (this.#first === undefined) this.#last = undefined;
      this.#queued.remove(first.frameBytes);
      if (!this.#isClosed && first.response !== undefined) this.#send(first, first.response);
      if (first.frame !== undefined) this.#peer.doneWith?.(first.frame);
    }
  }

  #send({ api, version, correlationId }: Running, response: NonNullable<Answer<Api>>): void {
    try {
      this.#peer.send(encodeResponseFrame(api, version, correlationId, response));
    } catch (error) {
      this.#defect(error);
    }
  }

  #failed(running: Running, error: unknown): void {
    this.#answered(running, undefined);
    this.#defect(error);
  }

  /** A handler threw, or answered what cannot be written: nothing sensible can follow on this connection. */
  #defect(error: unknown): void {
    this.#broker.logger.error({ err: error, client: this.clientHost }, "a request failed, its connection is closed");
    this.close("a request failed");
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.closed();
    this.#peer.close(reason);
  }
}

/** Has a request answered in another version than it was asked in. */
function speaker(running: Running): (version: number) => void {
  return (version) => {
    running.version = version;
  };
}
