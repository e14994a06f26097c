import { setTimeout as pause } from "node:timers/promises";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { OffsetFetch } from "../../protocol/apis/offset-fetch.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { Wire } from "./wire.ts";

/** Waits until the group has a coordinator that is loaded: at first `__consumer_offsets` has to be made. */
export async function coordinate(server: string, groupId: string): Promise<void> {
  const wire = await Wire.open(server);
  for (;;) {
    const { errorCode } = await wire.ask(FindCoordinator, 3, { key: groupId, keyType: 0 });
    if (errorCode === ErrorCode.NONE) {
      const { errorCode: answered } = await wire.ask(OffsetFetch, 7, { groupId, topics: null });
      if (answered === ErrorCode.NONE) break;
    }
    await pause(20);
  }
  wire.close();
}
