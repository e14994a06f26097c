import { unused } from "../../../src/transaction/record.ts";
import { parseCall } from "../../group/support/script.ts";
import type { ExpectedOutcomes, LastingState } from "../expected-outcomes.ts";
import { printReply } from "./print.ts";
import { toRequest } from "./requests.ts";
import { epochMs, World } from "./world.ts";

/** What is answered to an event in a state, and the state that comes of it, if it is another one. */
export function outcome(state: LastingState, { call, afterMs = 0 }: ExpectedOutcomes): string {
  const world = new World();
  if (state !== "Dead") world.plant({ transactionalId: "tx", value: standing(state) });
  world.restart();
  world.advanceTo(afterMs);
  const answers: string[] = [];
  if (call !== undefined) {
    const { type, request } = toRequest({ transactionalId: "tx", producerId: 7, producerEpoch: 3 }, parseCall(call));
    for (const one of world.submit(type, request)) {
      if (one.kind === "reply")
        answers.push(/\((.*)\)/.exec(printReply(type, one.reply))![1]!.replace("orders-0 ", ""));
    }
  }
  const after = world.durable.get("tx")?.state ?? "Dead";
  return [...answers, ...(after === state ? [] : [after])].join(", ") || "–";
}

/** Producer 7 in epoch 3, with a partition where the state has any. */
function standing(state: Exclude<LastingState, "Dead">) {
  const isOpen = state === "Ongoing" || state === "PrepareCommit" || state === "PrepareAbort";
  const topics = isOpen ? [{ name: "orders", partitions: [0] }] : [];
  const startMs = state === "Empty" ? -1 : epochMs;
  return { ...unused(7, 60_000, epochMs), producerEpoch: 3, state, topics, startMs };
}
