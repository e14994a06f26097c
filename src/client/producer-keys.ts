/** Keys of the producer. Defaults are those of the Java client of Kafka 4.3.1. */
import { compressionCodecs } from "../protocol/platform.ts";
import { clientKeys } from "./client-keys.ts";
import {
  type ConfigInputOf,
  type ConfigOf,
  callback,
  flag,
  int,
  type Key,
  key,
  number,
  oneOf,
  optionalText,
} from "./config-key.ts";
import { serde } from "./consumer-keys.ts";
import { type Serializer, serializers } from "./serde.ts";

/** Chooses the partition of a record that names none. @returns a number from 0 to partitionCount - 1. */
export type Partitioner = (
  record: { readonly topic: string; readonly key: Uint8Array | null; readonly value: Uint8Array | null },
  partitionCount: number,
) => number;

const producerOwnKeys = {
  acks: key<-1 | 0 | 1, "all" | -1 | 0 | 1 | "-1" | "0" | "1">(-1, (input) => {
    const acks = input === "all" ? -1 : Number(input);
    if (acks !== -1 && acks !== 0 && acks !== 1) throw new TypeError("one of all, -1, 0, 1");
    return acks;
  }),
  /** When nobody sets it: true, unless acks or retries forbid it. */
  "enable.idempotence": { ...flag(true), default: undefined } as Key<boolean | undefined, boolean | "true" | "false">,
  /**
   * A name of its own for each producer that writes transactions, the same after a restart: whoever begins with it ends
   * what an earlier producer of that name left open, and fences it. Makes the producer idempotent.
   */
  "transactional.id": optionalText(),
  /** How long a transaction may be open before its coordinator aborts it; at most transaction.max.timeout.ms there. */
  "transaction.timeout.ms": int(60_000, 1),
  "max.in.flight.requests.per.connection": int(5, 1),
  retries: int(0x7fffffff),
  "delivery.timeout.ms": int(120_000),
  "linger.ms": number(5),
  "batch.size": int(16_384),
  "buffer.memory": number(33_554_432),
  "max.block.ms": number(60_000),
  "max.request.size": int(1_048_576),
  "compression.type": oneOf(compressionCodecs, "none"),
  "metadata.max.idle.ms": number(300_000, 5000),
  "partitioner.ignore.keys": flag(false),
  partitioner: callback<Partitioner>(),
  "key.serializer": serde<Serializer, "bytes" | "string" | "json">(serializers, "Serializer"),
  "value.serializer": serde<Serializer, "bytes" | "string" | "json">(serializers, "Serializer"),
} as const;

export const producerKeys = { ...clientKeys, ...producerOwnKeys } as const;
export type ProducerConfig = ConfigOf<typeof producerKeys>;
/** Keys of the Java producer, spelled `"linger.ms"` or `lingerMs`, and a partitioner. */
export type ProducerConfigInput = ConfigInputOf<typeof producerKeys>;
