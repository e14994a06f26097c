/** A broker of a test's making: it answers what the test says, or not at all. */
import { createServer, type Server, type Socket } from "node:net";
import { ApiVersions } from "../../src/protocol/apis/api-versions.ts";
import { apiByKey } from "../../src/protocol/apis/index.ts";
import { Metadata } from "../../src/protocol/apis/metadata.ts";
import { decodeRequest } from "../../src/protocol/codec.ts";
import { encodeResponseFrame, peekRequest, readRequestHeader } from "../../src/protocol/frame.ts";
import type { Api, RequestOf, ResponseInput } from "../../src/protocol/schema.ts";
import { FrameReader } from "../../src/server/frames.ts";

export interface Received<A extends Api = Api> {
  readonly api: A;
  readonly version: number;
  readonly request: RequestOf<A>;
  readonly socket: Socket;
  /** Sends an answer, at any time. */
  answer(response: ResponseInput<A>): void;
}

/** @returns the answer; undefined leaves it to a later `answer`, or to nobody. */
type Handler<A extends Api> = (received: Received<A>) => ResponseInput<A> | undefined;

export class FakeBroker implements AsyncDisposable {
  readonly nodeId: number;
  /** In the order of their arrival, without ApiVersions. */
  readonly requests: Received[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #handlers = new Map<Api, Handler<Api>>();
  #arrived: (() => void)[] = [];
  #port = 0;

  private constructor(nodeId: number) {
    this.nodeId = nodeId;
    this.#server = createServer((socket) => this.#serve(socket));
    this.on(ApiVersions, () => ({
      errorCode: 0,
      apiKeys: [...apiByKey.values()].map(({ key, advertised: [minVersion, maxVersion] }) => {
        return { apiKey: key, minVersion, maxVersion };
      }),
    }));
    this.on(Metadata, () => this.metadata([]));
  }

  static async start(nodeId = 1): Promise<FakeBroker> {
    const broker = new FakeBroker(nodeId);
    await broker.#listen();
    return broker;
  }

  get bootstrapServers(): string {
    return `127.0.0.1:${this.#port}`;
  }

  on<A extends Api>(api: A, handler: Handler<A>): this {
    this.#handlers.set(api, handler as unknown as Handler<Api>);
    return this;
  }

  /** What Metadata answers when this broker is the whole cluster. */
  metadata(topics: ResponseInput<typeof Metadata>["topics"]): ResponseInput<typeof Metadata> {
    return {
      brokers: [{ nodeId: this.nodeId, host: "127.0.0.1", port: this.#port }],
      controllerId: this.nodeId,
      clusterId: "fake",
      topics,
    };
  }

  /** The n-th request of an API, once it is here. */
  async received<A extends Api>(api: A, count = 1): Promise<Received<A>> {
    for (;;) {
      const found = this.requests.filter((each) => each.api === (api as Api))[count - 1];
      if (found !== undefined) return found as unknown as Received<A>;
      await new Promise<void>((resolve) => this.#arrived.push(resolve));
    }
  }

  /** Every connection breaks; new ones are taken. */
  disconnect(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** As after a crash: nobody listens any more. `listenAgain` brings it back. */
  async crash(): Promise<void> {
    this.disconnect();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  listenAgain(): Promise<void> {
    return this.#listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.crash();
  }

  #listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#port = (this.#server.address() as { port: number }).port;
        resolve();
      });
    });
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => undefined);
    const frames = new FrameReader(1 << 24, (frame) => this.#handle(socket, frame));
    socket.on("data", (chunk: Buffer) => frames.push(chunk));
  }

  #handle(socket: Socket, frame: Uint8Array): void {
    const { apiKey, apiVersion, correlationId } = peekRequest(frame);
    const api = apiByKey.get(apiKey)!;
    const { bodyAt } = readRequestHeader(api, apiVersion, frame);
    const answer = (response: ResponseInput<Api>) => {
      socket.write(Buffer.concat(encodeResponseFrame(api, apiVersion, correlationId, response)));
    };
    const request = decodeRequest(api, apiVersion, frame.subarray(bodyAt));
    const received = { api, version: apiVersion, request, socket, answer };
    if (api !== ApiVersions) this.requests.push(received);
    const response = this.#handlers.get(api)?.(received);
    if (response !== undefined) answer(response);
    for (const resolve of this.#arrived.splice(0)) resolve();
  }
}

/** A topic as Metadata answers it, all its partitions led by one node. */
export function topicLedBy(leaderId: number, name: string, numPartitions = 1, leaderEpoch = 0) {
  const partitions = Array.from({ length: numPartitions }, (_, partitionIndex) => ({
    errorCode: 0,
    partitionIndex,
    leaderId,
    leaderEpoch,
    replicaNodes: [leaderId],
    isrNodes: [leaderId],
  }));
  return { errorCode: 0, name, partitions };
}
