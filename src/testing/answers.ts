/** Answers that say no, in the place where each API's errors stand. */

import type { Answer } from "../broker/context.ts";
import { defaultOf } from "../protocol/plan.ts";
import { type Api, asField, type Field, type RequestOf, type Shape, type Spec } from "../protocol/schema.ts";

type Fields = Readonly<Record<string, unknown>>;
type Refuse = (request: Fields, errorCode: number) => Fields;

interface Partitioned {
  /** Where the answer has its topics and their partitions. */
  readonly topics: string;
  readonly partitions: string;
  /** And the request. */
  readonly asked?: readonly [topics: string, partitions: string];
}

const lists = (fields: Fields, name: string) => (fields[name] ?? []) as readonly Fields[];

/** Errors stand at each partition; what names topic and partition is taken over from the request. */
function atPartitions({ topics, partitions, asked = ["topics", "partitions"] }: Partitioned): Refuse {
  return (request, errorCode) => ({
    [topics]: lists(request, asked[0]).map((topic) => ({
      ...topic,
      [partitions]: lists(topic, asked[1]).map((partition) => ({
        ...(partition.partition === undefined ? partition : { ...partition, partitionIndex: partition.partition }),
        offset: -1,
        timestamp: -1,
        errorCode,
      })),
    })),
  });
}

const standard = atPartitions({ topics: "topics", partitions: "partitions" });
const atNames = (list: string, asked = "topics"): Refuse => {
  return (request, errorCode) => ({
    [list]: lists(request, asked).map(({ name, topicId }) => ({ name, topicId, errorCode })),
  });
};

/** Where the request tells partitions by their numbers alone. */
function atNumbers(request: Fields, errorCode: number, asked: string): Fields[] {
  return lists(request, "topics").map(({ name, [asked]: numbers }) => ({
    name,
    partitions: (numbers as readonly number[]).map((partitionIndex) => {
      return { partitionIndex, committedOffset: -1, errorCode };
    }),
  }));
}

function addedTopics(topics: readonly Fields[], partitionErrorCode: number): Fields[] {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: (partitions as readonly number[]).map((partitionIndex) => {
      return { partitionIndex, partitionErrorCode };
    }),
  }));
}

function atResources(list: string): Refuse {
  return (request, errorCode) => ({
    [list]: lists(request, "resources").map(({ resourceType, resourceName }) => {
      return { resourceType, resourceName, errorCode };
    }),
  });
}

/** APIs whose errors stand elsewhere than at the top. */
const places: Readonly<Record<string, Refuse>> = {
  Produce: atPartitions({
    topics: "responses",
    partitions: "partitionResponses",
    asked: ["topicData", "partitionData"],
  }),
  Fetch: (request, errorCode) => {
    const refused = atPartitions({ topics: "responses", partitions: "partitions" })(request, errorCode);
    return lists(request, "topics").length > 0 ? refused : { ...refused, errorCode }; // a session that goes on
  },
  ListOffsets: standard,
  OffsetCommit: standard,
  TxnOffsetCommit: standard,
  DeleteRecords: standard,
  OffsetForLeaderEpoch: standard,
  OffsetFetch: (request, errorCode) => ({
    errorCode,
    topics: atNumbers(request, errorCode, "partitionIndexes"),
    groups: lists(request, "groups").map(({ groupId }) => ({ groupId, errorCode })),
  }),
  AddPartitionsToTxn: (request, errorCode) => ({
    errorCode,
    resultsByTopicV3AndBelow: addedTopics(lists(request, "v3AndBelowTopics"), errorCode),
    resultsByTransaction: lists(request, "transactions").map(({ transactionalId, topics }) => ({
      transactionalId,
      topicResults: addedTopics(topics as readonly Fields[], errorCode),
    })),
  }),
  WriteTxnMarkers: (request, errorCode) => ({
    markers: lists(request, "markers").map((marker) => ({
      producerId: marker.producerId,
      topics: atNumbers(marker, errorCode, "partitionIndexes"),
    })),
  }),
  DescribeTransactions: (request, errorCode) => ({
    transactionStates: (request.transactionalIds as readonly string[]).map((transactionalId) => {
      return { transactionalId, errorCode };
    }),
  }),
  DescribeProducers: (request, errorCode) => ({ topics: atNumbers(request, errorCode, "partitionIndexes") }),
  Metadata: (request, errorCode) => ({ ...atNames("topics")(request, errorCode), errorCode }),
  CreateTopics: atNames("topics"),
  DescribeTopicPartitions: atNames("topics"),
  DescribeConfigs: atResources("results"),
  AlterConfigs: atResources("responses"),
  IncrementalAlterConfigs: atResources("responses"),
  DescribeLogDirs: (_, errorCode) => ({ errorCode, results: [{ errorCode }] }),
  ConsumerGroupDescribe: (request, errorCode) => ({
    groups: (request.groupIds as readonly string[]).map((groupId) => ({ groupId, errorCode })),
  }),
  CreatePartitions: atNames("results"),
  DeleteTopics: (request, errorCode) => ({
    responses: [
      ...lists(request, "topics").map(({ name, topicId }) => ({ name, topicId, errorCode })),
      ...(request.topicNames as readonly string[]).map((name) => ({ name, errorCode })),
    ],
  }),
  FindCoordinator: (request, errorCode) => {
    const nowhere = { nodeId: -1, port: -1, errorCode };
    const keys = request.coordinatorKeys as readonly string[];
    return keys.length === 0 ? nowhere : { coordinators: keys.map((key) => ({ key, ...nowhere })) };
  },
  DescribeGroups: (request, errorCode) => ({
    groups: (request.groups as readonly string[]).map((groupId) => ({ groupId, errorCode })),
  }),
  DeleteGroups: (request, errorCode) => ({
    results: (request.groupsNames as readonly string[]).map((groupId) => ({ groupId, errorCode })),
  }),
};

/** The whole answer to a request that fails with this error. @throws when the API has no place for one. */
export function refusal(api: Api, version: number, request: RequestOf<Api>, errorCode: number): Answer<Api> {
  const refuse = places[api.name] ?? (api.response.shape.errorCode === undefined ? undefined : atTop);
  if (refuse === undefined) throw new Error(`${api.name} has no error of its own to fail with: use answer()`);
  return filled(api.response.shape, refuse(request as Fields, errorCode), version) as Answer<Api>;
}

const atTop: Refuse = (_, errorCode) => ({ errorCode });

/** What is left out becomes the field's default or its type's zero; what the shape does not know is left away. */
function filled(shape: Shape, value: Fields, version: number): Fields {
  const fill = ([name, spec]: [string, Spec]) => [name, filledField(asField(spec), value[name], version)];
  return Object.fromEntries(Object.entries(shape).map(fill));
}

function filledField(field: Field, value: unknown, version: number): unknown {
  const { type, traits } = field;
  if (value === undefined) {
    const mayBeNull = version >= traits.nullableSince;
    return defaultOf(mayBeNull ? field : field.with({ nullableSince: Number.POSITIVE_INFINITY }));
  }
  if (type.kind === "struct") return filled(type.shape, value as Fields, version);
  if (type.kind !== "array" || value === null) return value;
  return (value as readonly unknown[]).map((element) => filledField(type.element, element, version));
}
