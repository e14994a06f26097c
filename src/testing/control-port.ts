/** The testing library for other languages: JSON over HTTP, on the loopback only (docs/testing.md). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AwaitTimeoutError } from "./awaiting.ts";
import { BadRequestError, type Body, NumberedFaults, routes } from "./control-routes.ts";
import type { TestBroker } from "./test-broker.ts";

const mostBodyBytes = 16 * 1024 * 1024;
/** A page of another site that a browser shows here must not drive the broker. */
const ownHost = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** The broker driven by HTTP, for tests in other languages; on loopback only. */
export class ControlPort {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Listens. @param port 0: any free one. @throws when it is taken. */
  static open(kafka: TestBroker, port: number): Promise<ControlPort> {
    const faults = new NumberedFaults();
    const server = createServer((request, response) => void respond(request, response, kafka, faults));
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => resolve(new ControlPort(server)));
    });
  }

  /** Ends its connections, too. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  kafka: TestBroker,
  faults: NumberedFaults,
): Promise<void> {
  try {
    if (!ownHost.test(request.headers.host ?? "")) return tell(response, 403, { error: "only for this machine" });
    const url = new URL(request.url ?? "/", "http://localhost");
    const found = findRoute(`${request.method} ${url.pathname}`);
    if (found === undefined) return tell(response, 404, { error: "no such route: GET / tells them" });
    const isGet = request.method === "GET";
    const body = isGet ? Object.fromEntries(url.searchParams) : await readBody(request);
    const unknown = Object.keys(body).find((key) => !found.route.takes.includes(key));
    if (unknown !== undefined) {
      throw new BadRequestError(`${unknown}: expected one of ${found.route.takes.join(", ") || "nothing"}`);
    }
    const answer = await found.route.answer({ kafka, faults, path: found.path, body });
    tell(response, 200, answer ?? {});
  } catch (error) {
    tell(response, error instanceof AwaitTimeoutError ? 408 : 400, { error: (error as Error).message });
  }
}

function findRoute(asked: string) {
  for (const [pattern, route] of Object.entries(routes)) {
    const names = [...pattern.matchAll(/:(\w+)/g)].map((match) => match[1]!);
    const match = new RegExp(`^${pattern.replaceAll(/:\w+/g, "([^/]+)")}/?$`).exec(asked);
    if (match === null) continue;
    const path = Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(match[at + 1]!)]));
    return { route, path };
  }
  return undefined;
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > mostBodyBytes) throw new BadRequestError(`a body has at most ${mostBodyBytes} bytes`);
  }
  const json = bytes === 0 ? {} : JSON.parse(Buffer.concat(pieces).toString());
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new BadRequestError("expected a JSON object");
  }
  return json;
}

function tell(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(answer, bytesAsBase64)}\n`);
}

function bytesAsBase64(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}
