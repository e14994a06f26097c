import type { Api, RequestOf } from "../protocol/schema.ts";
import type { Answer, RequestContext } from "./context.ts";

/** One request between its decoding and its handler. */
export interface Interception {
  readonly api: Api;
  readonly request: RequestOf<Api>;
  readonly context: RequestContext;
  /** Has the handler decide, with the request and the context given to it. */
  handle(request: RequestOf<Api>, context: RequestContext): Answer<Api> | Promise<Answer<Api>>;
  /** Writes the answer in a version that the client did not ask for. */
  answerIn(version: number): void;
}

/**
 * Stands between every request and its handler. The testing library's faults, its history and its several nodes are
 * made of it; without one nothing is asked.
 * @returns what the client is answered; undefined is no answer. A promise that never settles holds its connection.
 */
export type Interceptor = (interception: Interception) => Answer<Api> | Promise<Answer<Api>>;
