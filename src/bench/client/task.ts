/** What a client under measurement is asked to do, and what it tells. */

export interface Task {
  readonly do: "produce" | "consume" | "first-record";
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
  readonly valueBytes: number;
  /** Measured from here on: what comes before warms up the compiler. */
  readonly warmUpRecords: number;
  readonly records: number;
}

/** One client library, used as its users would where speed counts. */
export interface Subject {
  /** Sends batches of `batchSize` values until `next` gives no more, `inFlight` of them at once, acks=all. */
  produce(task: Task, next: () => Uint8Array[] | undefined, inFlight: number): Promise<void>;
  /** Hands each value over, from the earliest on, until `seen` answers false. */
  consume(task: Task, seen: (value: Uint8Array) => boolean): Promise<void>;
}

export interface Measured {
  readonly records: number;
  readonly seconds: number;
  readonly cpuMicros: number;
}

/** Runs `batches` in `inFlight` lanes, as a program that sends on as soon as something is stored. */
export async function inLanes(
  next: () => Uint8Array[] | undefined,
  inFlight: number,
  send: (values: Uint8Array[]) => Promise<unknown>,
): Promise<void> {
  const lane = async () => {
    for (let values = next(); values !== undefined; values = next()) await send(values);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}
