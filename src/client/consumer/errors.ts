/** What only consumers throw. */
import { ErrorCode } from "../../protocol/errors.ts";
import { KafkaError } from "../errors.ts";
import { hints } from "../hints.ts";
import { listed } from "../member/partitions.ts";
import type { TopicPartition } from "../topic-partition.ts";

/** There is no committed offset, and auto.offset.reset is none (rule 51). */
export class NoOffsetForPartitionError extends KafkaError {
  override readonly name = "NoOffsetForPartitionError";
  readonly partitions: readonly TopicPartition[];
  constructor(partitions: readonly TopicPartition[]) {
    super(`no offset is committed for ${listed(partitions)}, and auto.offset.reset is none`, {
      code: "NO_OFFSET_FOR_PARTITION",
      hint: "seek to where to begin, or set auto.offset.reset to earliest or latest",
    });
    this.partitions = partitions.map(plain);
  }
}

/** The partition has no such offset any more, or not yet, and auto.offset.reset is none. */
export class OffsetOutOfRangeError extends KafkaError {
  override readonly name = "OffsetOutOfRangeError";
  readonly partition: TopicPartition;
  readonly offset: number;
  constructor(partition: TopicPartition, offset: number) {
    super(`${listed([partition])} has no offset ${offset}, and auto.offset.reset is none`, {
      code: "OFFSET_OUT_OF_RANGE",
      errorCode: ErrorCode.OFFSET_OUT_OF_RANGE,
      hint: hints.OFFSET_OUT_OF_RANGE,
    });
    this.partition = plain(partition);
    this.offset = offset;
  }
}

/** What was read has been truncated, after an unclean election; auto.offset.reset is none (KIP-320). */
export class LogTruncationError extends KafkaError {
  override readonly name = "LogTruncationError";
  readonly partition: TopicPartition;
  /** Where this consumer stands. */
  readonly offset: number;
  /** The first offset that is another record now; undefined: not known. */
  readonly divergentOffset: number | undefined;
  constructor(partition: TopicPartition, offset: number, divergentOffset: number | undefined) {
    const from = divergentOffset === undefined ? "" : ` from ${divergentOffset} on`;
    super(`${listed([partition])} was truncated${from}, below the position ${offset}`, {
      code: "LOG_TRUNCATED",
      hint: "seek to where to go on",
    });
    this.partition = plain(partition);
    this.offset = offset;
    this.divergentOffset = divergentOffset;
  }
}

/** Partitions of the commit are no longer this consumer's: whoever has them now reads their records again. */
export class CommitFailedError extends KafkaError {
  override readonly name = "CommitFailedError";
  constructor(groupId: string, why: string, cause?: unknown) {
    super(`group ${groupId}: commit: ${why}`, {
      code: "COMMIT_FAILED",
      hint: "the group has rebalanced; if work takes longer than max.poll.interval.ms, raise it or take less at once",
      cause,
    });
  }
}

/** A deserializer threw. The record is known: commit beyond it, or seek, to go on without it. */
export class DeserializationError extends KafkaError {
  override readonly name = "DeserializationError";
  readonly partition: TopicPartition;
  readonly offset: number;
  readonly part: "key" | "value";
  constructor(partition: TopicPartition, offset: number, part: "key" | "value", cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause);
    super(`${listed([partition])}: ${part} of the record at ${offset}: ${said}`, {
      code: "DESERIALIZATION_FAILED",
      cause,
    });
    this.partition = plain(partition);
    this.offset = offset;
    this.part = part;
  }
}

/** The broker sent records that are damaged. The next try fetches them again. */
export class CorruptRecordsError extends KafkaError {
  override readonly name = "CorruptRecordsError";
  readonly partition: TopicPartition;
  readonly offset: number;
  constructor(partition: TopicPartition, offset: number, cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause);
    super(`${listed([partition])}: records from ${offset} on: ${said}`, {
      code: "CORRUPT_MESSAGE",
      errorCode: ErrorCode.CORRUPT_MESSAGE,
      retriable: true,
      hint: "seek beyond them to go on without them",
      cause,
    });
    this.partition = plain(partition);
    this.offset = offset;
  }
}

/** The broker sent records of message format 0 or 1, as a log may hold that Kafka 0.10 or older has written. */
export class MessageFormatError extends KafkaError {
  override readonly name = "MessageFormatError";
  readonly partition: TopicPartition;
  readonly offset: number;
  constructor(partition: TopicPartition, offset: number, magic: number) {
    super(`${listed([partition])}: records from ${offset} on are in message format ${magic}, expected 2`, {
      code: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
      errorCode: ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
      hint: "seek beyond them, or produce them anew: every producer since Kafka 0.11 writes format 2",
    });
    this.partition = plain(partition);
    this.offset = offset;
  }
}

/** The call does not fit what the consumer is doing: two loops at once, a partition that it does not have, … */
export class InvalidStateError extends KafkaError {
  override readonly name = "InvalidStateError";
  constructor(message: string, hint?: string) {
    super(message, { code: "INVALID_STATE", hint });
  }
}

/** No more of what is passed in than its name. */
function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
