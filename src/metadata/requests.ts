/** What the broker asks of the metadata shard. Names in the answers are unique per request where Kafka's are. */
import type { ErrorCode } from "../protocol/errors.ts";
import type { ResourceType } from "./image.ts";

/** A type and no interface, so that its keys are these alone. */
export type MetadataRequests = {
  /** The broker has started: a new broker epoch, and so a new leader epoch of every partition. */
  RegisterBroker: { readonly request: { readonly nodeId: number }; readonly reply: { readonly errorCode: ErrorCode } };
  CreateTopics: { readonly request: CreateTopics; readonly reply: readonly CreatedTopic[] };
  DeleteTopics: { readonly request: { readonly topicIds: readonly string[] }; readonly reply: readonly DeletedTopic[] };
  CreatePartitions: { readonly request: CreatePartitions; readonly reply: readonly NamedResult[] };
  AlterConfigs: { readonly request: AlterConfigs; readonly reply: readonly ApiError[] };
  /** A block of producer ids that nobody had before. */
  AllocateProducerIds: { readonly request: { readonly nodeId: number }; readonly reply: ProducerIds };
};

export interface ApiError {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
}

export interface NewTopic {
  readonly name: string;
  /** -1: the broker's default, or as the assignments say. */
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface CreateTopics {
  readonly topics: readonly NewTopic[];
  readonly validateOnly: boolean;
}

export interface CreatedTopic extends ApiError {
  readonly name: string;
  readonly topicId: string;
  readonly numPartitions: number;
}

export interface DeletedTopic extends ApiError {
  readonly topicId: string;
}

export interface NamedResult extends ApiError {
  readonly name: string;
}

export interface CreatePartitions {
  readonly topics: readonly {
    readonly name: string;
    /** How many partitions there are to be. */
    readonly count: number;
    readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null;
  }[];
  readonly validateOnly: boolean;
}

/** Kafka's operations of IncrementalAlterConfigs. */
export type AlterOperation = "SET" | "DELETE" | "APPEND" | "SUBTRACT";

export interface AlterConfigs {
  readonly resources: readonly AlterResource[];
  readonly validateOnly: boolean;
}

export interface AlterResource {
  readonly type: ResourceType;
  readonly name: string;
  /** True: whatever is not named goes back to its default (the older AlterConfigs). */
  readonly replace: boolean;
  readonly changes: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly operation: AlterOperation;
  }[];
}

export interface ProducerIds {
  readonly errorCode: ErrorCode;
  readonly first: number;
  readonly count: number;
}
