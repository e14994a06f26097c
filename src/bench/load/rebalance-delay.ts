import { DescribeConfigs } from "../../protocol/apis/describe-configs.ts";
import { FindCoordinator } from "../../protocol/apis/find-coordinator.ts";
import { Wire } from "./wire.ts";

const key = "group.initial.rebalance.delay.ms";
const ofBroker = 4;

/** What the group's coordinator says of its setting, in milliseconds; NaN where it does not. */
export async function initialRebalanceDelayMs(server: string, groupId: string): Promise<number> {
  const wire = await Wire.open(server);
  const { nodeId } = await wire.ask(FindCoordinator, 3, { key: groupId, keyType: 0 });
  const resources = [{ resourceType: ofBroker, resourceName: `${nodeId}`, configurationKeys: [key] }];
  const { results } = await wire.ask(DescribeConfigs, 4, { resources });
  wire.close();
  return Number(results[0]?.configs.find(({ name }) => name === key)?.value ?? Number.NaN);
}

/** @returns what a user has to know of a group that took so long to form; undefined: nothing. */
export function delayWords(formedMs: number, delayMs: number): string | undefined {
  if (!(delayMs > 0 && formedMs >= delayMs)) return undefined;
  return `The broker held the first rebalance back for ${key}=${delayMs}, once or more: 'formed ms' has that in it.`;
}
