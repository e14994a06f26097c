/** What happened at the broker: requests as they came and were answered, rebalances as the coordinator tells them. */
import type { Answer, RequestContext } from "../broker/context.ts";
import type { GroupFact, GroupRebalanceCompleted } from "../group/facts.ts";
import { errorName } from "../protocol/errors.ts";
import type { Api } from "../protocol/schema.ts";

/** One request, and what became of it. */
export interface RequestEntry {
  /** Wall time of the broker's clock. */
  readonly atMs: number;
  readonly api: string;
  readonly version: number;
  readonly clientId: string;
  readonly node: number;
  /** Groups and topics that it names. */
  readonly groups: readonly string[];
  readonly topics: readonly string[];
  /** As it was decoded; of Produce and Fetch, whose records are many, only what is above. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  outcome: "pending" | "answered" | "dropped" | "swallowed";
  /** Names of the errors in the answer, each once. */
  errors: readonly string[];
  /** Until it was answered, by the broker's clock. */
  tookMs: number | undefined;
  /** What a fault did to it. */
  fault: string | undefined;
}

/** Requests that have all that is named. */
export interface RequestFilter {
  readonly api?: string;
  readonly group?: string;
  readonly topic?: string;
  readonly clientId?: string;
  readonly node?: number;
  readonly version?: number;
  /** Only those answered with this error. */
  readonly error?: string;
  /** Only those that it says yes to. */
  readonly where?: (request: RequestEntry) => boolean;
}

/** A rebalance that came to its end. */
export interface Rebalance {
  readonly atMs: number;
  readonly group: string;
  readonly reason: string;
  readonly fromGeneration: number;
  readonly toGeneration: number;
  readonly members: number;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** Partitions that have another owner than before. */
  readonly movedPartitions: number;
  /** From its beginning until the group was Stable again (or Empty). Eager members read nothing meanwhile. */
  readonly downtimeMs: number;
}

/** So many requests are remembered; of more the oldest go. */
const mostRequests = 20_000;
const largeBodies = new Set(["Produce", "Fetch"]);

export class History {
  readonly #requests: RequestEntry[] = [];
  readonly #rebalances: Rebalance[] = [];
  readonly #generations = new Map<string, number>();

  arrived(api: Api, request: object, { version, clientId }: RequestContext, where: Where): RequestEntry {
    const body = request as Readonly<Record<string, unknown>>;
    const entry: RequestEntry = {
      atMs: where.atMs,
      api: api.name,
      version,
      clientId,
      node: where.node,
      groups: groupsOf(body, api),
      topics: topicsOf(body, where.topicName),
      body: largeBodies.has(api.name) ? undefined : (copy(body) as Body),
      outcome: "pending",
      errors: [],
      tookMs: undefined,
      fault: undefined,
    };
    this.#requests.push(entry);
    if (this.#requests.length > mostRequests) this.#requests.splice(0, mostRequests / 2);
    return entry;
  }

  answered(entry: RequestEntry, answer: Answer<Api>, atMs: number): void {
    if (entry.outcome === "pending") entry.outcome = "answered";
    entry.errors = errorsIn(answer);
    entry.tookMs = atMs - entry.atMs;
  }

  happened(fact: GroupFact, atMs: number): void {
    if (fact.type !== "GroupRebalanceCompleted") return;
    this.#generations.set(fact.group, fact.toGeneration);
    this.#rebalances.push(rebalanceOf(fact, atMs));
  }

  /** The last generation in which the group was Stable or Empty; 0 when there was none. */
  generationOf(group: string): number {
    return this.#generations.get(group) ?? 0;
  }

  requests(filter: RequestFilter = {}): RequestEntry[] {
    return this.#requests.filter((entry) => matches(entry, filter));
  }

  rebalances(group?: string): Rebalance[] {
    return this.#rebalances.filter((rebalance) => group === undefined || rebalance.group === group);
  }

  clear(): void {
    this.#requests.length = 0;
    this.#rebalances.length = 0;
  }
}

interface Where {
  readonly atMs: number;
  readonly node: number;
  readonly topicName: (topicId: string) => string | undefined;
}

export function matches(entry: RequestEntry, filter: RequestFilter): boolean {
  const { api, group, topic, clientId, node, version, error, where } = filter;
  return (
    (api === undefined || api === entry.api) &&
    (group === undefined || entry.groups.includes(group)) &&
    (topic === undefined || entry.topics.includes(topic)) &&
    (clientId === undefined || clientId === entry.clientId) &&
    (node === undefined || node === entry.node) &&
    (version === undefined || version === entry.version) &&
    (error === undefined || entry.errors.includes(error)) &&
    (where === undefined || where(entry))
  );
}

type Body = Readonly<Record<string, unknown>>;

/** Bytes are views of what the socket gave: only theirs are kept. */
function copy(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, copy(field)]));
}

/** Group ids stand at six places in Kafka's requests. */
function groupsOf(body: Body, { name }: Api): string[] {
  if (name === "FindCoordinator") {
    return body.keyType === 0 ? [body.key as string, ...(body.coordinatorKeys as string[])].filter((key) => key) : [];
  }
  const several = (body.groups ?? body.groupsNames ?? body.groupIds ?? []) as readonly (string | Body)[];
  const groups = several.map((group) => (typeof group === "string" ? group : (group.groupId as string)));
  return typeof body.groupId === "string" && body.groupId !== "" ? [body.groupId, ...groups] : groups;
}

function topicsOf(body: Body, topicName: (topicId: string) => string | undefined): string[] {
  const topics = (body.topics ?? body.topicData ?? body.topicNames ?? []) as readonly (string | Body)[];
  return topics.flatMap((topic) => {
    if (typeof topic === "string") return [topic];
    const name = topic.name || topic.topic || topicName(topic.topicId as string);
    return name ? [name as string] : [];
  });
}

function errorsIn(answer: unknown): string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
    if (Array.isArray(value)) return value.forEach(look);
    for (const [name, field] of Object.entries(value)) {
      if (name !== "errorCode") look(field);
      else if (field !== 0) found.add(errorName(field as number));
    }
  };
  look(answer);
  return [...found];
}

function rebalanceOf(fact: GroupRebalanceCompleted, atMs: number): Rebalance {
  const { group, reason, fromGeneration, toGeneration, members, joined, left, movedPartitions, durationMs } = fact;
  return {
    ...{ atMs, group, reason, fromGeneration, toGeneration, members, joined, left },
    movedPartitions: movedPartitions ?? 0,
    downtimeMs: Math.round(durationMs),
  };
}
