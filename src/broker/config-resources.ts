/** What configs belong to, as DescribeConfigs and its kin number them. Only topics and brokers have configs here. */
import { resourceTypes } from "../metadata/image.ts";

export function resourceTypeName(type: number): "TOPIC" | "BROKER" | undefined {
  if (type === resourceTypes.TOPIC) return "TOPIC";
  return type === resourceTypes.BROKER ? "BROKER" : undefined;
}

/**
 * @param title,expected as the API words it.
 * @returns why a broker's name is not this broker's id, undefined when it is.
 */
export function refuseBroker(
  name: string,
  nodeId: number,
  title = "Node",
  expected = String(nodeId),
): string | undefined {
  if (!/^[+-]?\d+$/.test(name)) return `${title} id must be an integer, but it is: ${name}`;
  return Number(name) === nodeId ? undefined : `Unexpected broker id, expected ${expected}, but received ${name}`;
}
