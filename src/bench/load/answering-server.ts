/**
 * A server that only answers: it takes the frames of load/latency.ts and sends what was encoded before the first came,
 * without looking into them. What the load measures against it is the machine, Node and the generator.
 *
 *     node answering-server.ts <bytes of a value>     prints its address when it listens
 */
import { createServer, type Socket } from "node:net";
import { CreateTopics } from "../../protocol/apis/create-topics.ts";
import { Fetch } from "../../protocol/apis/fetch.ts";
import { ListOffsets } from "../../protocol/apis/list-offsets.ts";
import { Produce } from "../../protocol/apis/produce.ts";
import { encodeResponseFrame } from "../../protocol/frame.ts";
import type { Api, ResponseInput } from "../../protocol/schema.ts";
import { FrameReader } from "../../server/frames.ts";
import { answeredTopic } from "./answered-topic.ts";
import { batchOf } from "./topic.ts";

/** All frames of the generator have the same correlation id. */
const correlationId = 1;

function answer<A extends Api>(api: A, version: number, response: ResponseInput<A>): Buffer {
  return Buffer.concat(encodeResponseFrame(api, version, correlationId, response));
}

const fetched = new Map<number, Buffer>();

/** So many records, each in the batch that it was sent in. */
function answerToFetch(count: number, batch: Uint8Array): Buffer {
  const known = fetched.get(count);
  if (known !== undefined) return known;
  const records = Buffer.concat(Array.from({ length: count }, () => batch));
  const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 0, abortedTransactions: null, records };
  const made = answer(Fetch, 12, { sessionId: 0, responses: [{ topic: answeredTopic, partitions: [partition] }] });
  fetched.set(count, made);
  return made;
}

/** By the key of their API. */
const answers = new Map([
  [
    CreateTopics.key,
    answer(CreateTopics, 5, { topics: [{ name: answeredTopic, errorCode: 0, errorMessage: null, configs: null }] }),
  ],
  [
    ListOffsets.key,
    answer(ListOffsets, 5, { topics: [{ name: answeredTopic, partitions: [{ partitionIndex: 0, errorCode: 0 }] }] }),
  ],
  [
    Produce.key,
    answer(Produce, 9, {
      responses: [
        { name: answeredTopic, partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 0, errorMessage: null }] },
      ],
    }),
  ],
]);

/** Produced, and not yet told to a fetch. */
let untold = 0;
/** Whose fetch waits for a record. */
let waiting: Socket | undefined;

const batch = batchOf(Number(process.argv[2]), 1).bytes;
for (let count = 1; count <= 16; count++) answerToFetch(count, batch);

function tell(): void {
  if (waiting === undefined || untold === 0) return;
  waiting.write(answerToFetch(untold, batch));
  waiting = undefined;
  untold = 0;
}

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  const frames = new FrameReader(2 ** 20, (frame) => {
    const key = (frame[0]! << 8) | frame[1]!;
    if (key === Fetch.key) waiting = socket;
    else socket.write(answers.get(key)!);
    if (key === Produce.key) untold++;
    tell();
  });
  socket.on("data", (chunk: Buffer) => frames.push(chunk));
});
server.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${(server.address() as { port: number }).port}`));
