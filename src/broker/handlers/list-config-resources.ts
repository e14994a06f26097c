import { resourceTypes } from "../../metadata/image.ts";
import type { ListConfigResources } from "../../protocol/apis/list-config-resources.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";

const clientMetrics = 16;
/** Resource types that Kafka lists; of those that have no configs here the list is empty. */
const listed: readonly number[] = [resourceTypes.TOPIC, resourceTypes.BROKER, 8, clientMetrics, 32];

/** Version 0 asks for client metrics only (KIP-1142). */
export const listConfigResources: Handler<typeof ListConfigResources> = (request, { broker, version }) => {
  const types = version === 0 ? [clientMetrics] : request.resourceTypes.length === 0 ? listed : request.resourceTypes;
  if (types.some((type) => !listed.includes(type))) {
    return { errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] };
  }
  const topics = [...broker.metadata.topics()].map(({ name }) => ({
    resourceName: name,
    resourceType: resourceTypes.TOPIC,
  }));
  const brokers = [{ resourceName: String(broker.nodeId), resourceType: resourceTypes.BROKER }];
  return {
    errorCode: ErrorCode.NONE,
    configResources: [
      ...(types.includes(resourceTypes.BROKER) ? brokers : []),
      ...(types.includes(resourceTypes.TOPIC) ? topics : []),
    ],
  };
};
