/** What the control port can be asked: the testing library, in JSON over HTTP. */
import type { ErrorName } from "../protocol/errors.ts";
import type { Fault, FaultRule } from "./faults.ts";
import type { GroupView } from "./group.ts";
import type { TopicSpec } from "./options.ts";
import type { TestBroker } from "./test-broker.ts";
import type { TestRecord } from "./topic.ts";

export type Body = Readonly<Record<string, unknown>>;

/** A request that cannot be understood; answered 400. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}

export interface Asked {
  readonly kafka: TestBroker;
  readonly faults: NumberedFaults;
  /** The parts of the path that stand for `:names`. */
  readonly path: Readonly<Record<string, string>>;
  /** The JSON body, or the query of a GET. */
  readonly body: Body;
}

interface Route {
  /** Keys that the body may have. */
  readonly takes: readonly string[];
  readonly answer: (asked: Asked) => unknown;
}

const filterKeys = ["api", "group", "topic", "clientId", "node", "version", "error"];
const actions = ["fail", "delay", "drop", "blackHole", "answerInVersion", "throttle", "hold"] as const;

export const routes: Readonly<Record<string, Route>> = {
  "GET /": {
    takes: [],
    answer: ({ kafka }) => ({
      bootstrapServers: kafka.bootstrapServers,
      brokers: kafka.brokers,
      clock: kafka.clock.now(),
      routes: Object.entries(routes).map(([route, { takes }]) => `${route} ${takes.join(" ")}`.trim()),
    }),
  },
  "POST /topics": {
    takes: ["name", "partitions", "configs"],
    answer: async ({ kafka, body }) => {
      await kafka.createTopic(text(body, "name"), body as TopicSpec);
    },
  },
  "GET /topics/:topic": {
    takes: [],
    answer: ({ kafka, path }) => {
      const topic = kafka.topic(path.topic!);
      const endOffsets = topic.endOffsets();
      return { endOffsets, leaders: endOffsets.map((_, partition) => topic.leaderOf(partition)) };
    },
  },
  "POST /topics/:topic/records": {
    takes: ["records"],
    answer: ({ kafka, path, body }) => {
      if (!Array.isArray(body.records)) throw new BadRequestError("records: expected a list");
      return kafka.topic(path.topic!).produce(body.records as TestRecord[]);
    },
  },
  "POST /topics/:topic/await": {
    takes: ["consumedBy", "timeoutMs"],
    answer: ({ kafka, path, body }) => kafka.topic(path.topic!).consumed(text(body, "consumedBy"), patience(body)),
  },
  "POST /topics/:topic/partitions/:partition/move-leader": {
    takes: ["to"],
    answer: ({ kafka, path, body }) => kafka.topic(path.topic!).moveLeader(Number(path.partition), nodeOf(body)),
  },
  "GET /groups/:group": { takes: [], answer: ({ kafka, path }) => kafka.group(path.group!).view() },
  "POST /groups/:group/await": {
    takes: ["state", "members", "partitions", "generation", "committed", "timeoutMs"],
    answer: awaitGroup,
  },
  "GET /groups/:group/rebalances": { takes: [], answer: ({ kafka, path }) => kafka.rebalances(path.group) },
  "POST /groups/:group/move-coordinator": {
    takes: ["to"],
    answer: ({ kafka, path, body }) => kafka.group(path.group!).moveCoordinator(nodeOf(body)),
  },
  "GET /requests": { takes: filterKeys, answer: ({ kafka, body }) => kafka.requests(filterOf(body)) },
  "POST /requests/await": {
    takes: [...filterKeys, "times", "timeoutMs"],
    answer: async ({ kafka, body }) => {
      const times = optionalNumber(body, "times") ?? 1;
      await kafka.requested(filterOf(body), { ...patience(body), times });
    },
  },
  "DELETE /history": { takes: [], answer: ({ kafka }) => kafka.forget() },
  "POST /faults": {
    takes: ["on", ...filterKeys.slice(1), "skip", "times", ...actions],
    answer: ({ kafka, faults, body }) => ({ id: faults.add(makeFault(kafka, body)) }),
  },
  "GET /faults/:id": { takes: [], answer: ({ faults, path }) => ({ hits: faults.get(path.id!).hits }) },
  "POST /faults/:id/await": {
    takes: ["hits", "timeoutMs"],
    answer: ({ faults, path, body }) => faults.get(path.id!).hit(optionalNumber(body, "hits") ?? 1, patience(body)),
  },
  "DELETE /faults/:id": { takes: [], answer: ({ faults, path }) => faults.get(path.id!).remove() },
  "DELETE /faults": { takes: [], answer: ({ kafka }) => kafka.clearFaults() },
  "POST /clock/advance": {
    takes: ["by"],
    answer: async ({ kafka, body }) => {
      await kafka.clock.advance(body.by as string);
      return kafka.clock.now();
    },
  },
  "POST /disk/hold": { takes: [], answer: ({ kafka }) => kafka.holdDisk() },
  "POST /disk/release": { takes: [], answer: ({ kafka }) => kafka.releaseDisk() },
  "POST /crash": {
    takes: ["unsynced"],
    answer: ({ kafka, body }) => {
      const { unsynced = "kept" } = body;
      if (unsynced !== "kept" && unsynced !== "lost") throw new BadRequestError(`unsynced: expected "kept" or "lost"`);
      return kafka.crash({ unsynced });
    },
  },
  "POST /restart": { takes: [], answer: ({ kafka }) => kafka.restart() },
};

/** Faults by the number that their maker was told. */
export class NumberedFaults {
  readonly #faults: Fault[] = [];

  /** @returns its number. */
  add(fault: Fault): number {
    return this.#faults.push(fault);
  }

  get(id: string): Fault {
    const fault = this.#faults[Number(id) - 1];
    if (fault === undefined) throw new BadRequestError(`there is no fault ${id}`);
    return fault;
  }
}

function awaitGroup({ kafka, path, body }: Asked): Promise<GroupView> {
  const group = kafka.group(path.group!);
  const { state, generation, committed } = body;
  if (committed !== undefined) {
    const { topic, partition, offset } = committed as Body;
    return group.committed(String(topic), Number(partition), Number(offset), patience(body));
  }
  if (generation !== undefined) return group.generation(Number(generation), patience(body));
  if (state === "Empty") return group.empty(patience(body));
  if (state !== "Stable") throw new BadRequestError(`expected state "Stable" or "Empty", generation, or committed`);
  const members = optionalNumber(body, "members");
  const partitions = optionalNumber(body, "partitions");
  return group.stable({
    ...patience(body),
    ...(members !== undefined && { members }),
    ...(partitions !== undefined && { partitions }),
  });
}

function makeFault(kafka: TestBroker, body: Body): Fault {
  const named = actions.filter((action) => body[action] !== undefined);
  const [action] = named;
  if (action === undefined || named.length > 1) throw new BadRequestError(`expected one of ${actions.join(", ")}`);
  const rule: FaultRule = kafka.on(text(body, "on"), filterOf(body)).skip(optionalNumber(body, "skip") ?? 0);
  const times = optionalNumber(body, "times");
  if (times !== undefined) rule.times(times);
  switch (action) {
    case "fail":
      return rule.fail(text(body, "fail") as ErrorName);
    case "delay":
      return rule.delay(body.delay as string);
    case "throttle":
      return rule.throttle(body.throttle as string);
    case "drop":
      return rule.drop(body.drop === "after" ? "after" : "before");
    case "answerInVersion":
      return rule.answerInVersion(Number(body.answerInVersion));
    case "blackHole":
      return rule.blackHole();
    case "hold":
      return rule.hold();
  }
}

/** A query tells numbers as text. */
function filterOf(body: Body) {
  const filter: Record<string, string | number> = {};
  for (const key of filterKeys) {
    if (body[key] === undefined) continue;
    filter[key] = key === "node" || key === "version" ? Number(body[key]) : String(body[key]);
  }
  return filter;
}

function text(body: Body, key: string): string {
  const value = body[key];
  if (typeof value !== "string" || value === "") throw new BadRequestError(`${key}: expected a text`);
  return value;
}

function optionalNumber(body: Body, key: string): number | undefined {
  const value = body[key];
  if (value === undefined || typeof value === "number") return value;
  throw new BadRequestError(`${key}: expected a number`);
}

function patience(body: Body): { timeoutMs?: number } {
  const timeoutMs = optionalNumber(body, "timeoutMs");
  return timeoutMs === undefined ? {} : { timeoutMs };
}

function nodeOf(body: Body): number | undefined {
  return optionalNumber(body, "to");
}
