/**
 * What the client tells by `node:diagnostics_channel`, at no cost where nobody listens:
 *
 *     import { subscribe } from "node:diagnostics_channel";
 *     subscribe("regroup.client.request", ({ api, durationMs }) => …);
 */
import { channel } from "node:diagnostics_channel";
import type { MemberFact } from "./member/member-fact.ts";

interface ConnectionEvent {
  readonly clientId: string;
  /** Negative for a bootstrap server whose node id is not known yet. */
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly lane: string;
}

/** A connection is ready: versions are agreed upon, and the client is authenticated. */
export interface ConnectedEvent extends ConnectionEvent {
  readonly durationMs: number;
}

/** A connection could not be made, or ended. */
export interface DisconnectedEvent extends ConnectionEvent {
  readonly reason: string;
  /** False: it never was ready. */
  readonly wasReady: boolean;
}

/** A request was answered, or will not be. */
export interface RequestEvent extends ConnectionEvent {
  readonly api: string;
  readonly version: number;
  readonly correlationId: number;
  /** From writing to the answer. */
  readonly durationMs: number;
  readonly requestBytes: number;
  /** 0 without an answer. */
  readonly responseBytes: number;
  /** Why there is no answer. */
  readonly error: Error | undefined;
}

/** A consumer's membership: a rebalance begins, the consumer has its part of a generation, the membership ends. */
export type RebalanceEvent = MemberFact & { readonly clientId: string };

export const channels = {
  connected: channel("regroup.client.connected"),
  disconnected: channel("regroup.client.disconnected"),
  request: channel("regroup.client.request"),
  rebalance: channel("regroup.client.rebalance"),
} as const;
