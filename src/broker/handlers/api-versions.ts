import { ApiVersions, type ApiVersionsResponse } from "../../protocol/apis/api-versions.ts";
import { heartbeatWait } from "../../protocol/apis/heartbeat.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { encodeResponseFrame } from "../../protocol/frame.ts";
import type { BrokerConfig } from "../config.ts";
import type { Handler } from "../context.ts";
import { heartbeatMaxWaitMs } from "../group-runtime.ts";
import type { ServedApi } from "./index.ts";

type Served = ReadonlyMap<number, ServedApi>;

/**
 * Kafka 4.3's metadata.version; clients take the features of a cluster from it. Level 0 of groups: the classic
 * protocol (KIP-848). Level 2 of transactions, as in a cluster that 4.3 has made: the epoch grows with each (KIP-890).
 */
const supportedFeatures = [
  { name: "group.version", minVersion: 0, maxVersion: 0 },
  { name: "metadata.version", minVersion: 7, maxVersion: 30 },
  { name: "transaction.version", minVersion: 0, maxVersion: 2 },
];
/** A heartbeat may wait here. Clients that do not know the feature pass over it. */
const heartbeatsWait = {
  name: heartbeatWait.feature,
  minVersion: heartbeatWait.level,
  maxVersion: heartbeatWait.level,
};
const finalizedFeatures = [
  { name: "transaction.version", minVersionLevel: 2, maxVersionLevel: 2 },
  { name: "metadata.version", minVersionLevel: 30, maxVersionLevel: 30 },
];

/** The table of what is served is given by the broker, since this handler is in it. */
export function apiVersionsOf(served: () => Served): Handler<typeof ApiVersions> {
  return ({ clientSoftwareName, clientSoftwareVersion }, { version, broker }) => {
    const names = [clientSoftwareName, clientSoftwareVersion];
    if (version >= 3 && !names.every(isSoftwareName)) return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] };
    return {
      errorCode: ErrorCode.NONE,
      apiKeys: advertised(served()),
      supportedFeatures: supportedIn(version, broker.config),
      finalizedFeaturesEpoch: broker.brokerEpoch,
      finalizedFeatures,
    };
  };
}

/** Before version 4 Java's clients refuse an answer with a feature whose levels begin at 0 (KAFKA-17011). */
function supportedIn(version: number, config: BrokerConfig) {
  const features = heartbeatMaxWaitMs(config) > 0 ? [...supportedFeatures, heartbeatsWait] : supportedFeatures;
  return version < 4 ? features.filter(({ minVersion }) => minVersion > 0) : features;
}

/** A version that this broker does not know is answered in version 0, with what it does know (KIP-511). */
export function apiVersionsOfStranger(served: Served, correlationId: number): Uint8Array[] {
  const [own] = advertised(served).filter(({ apiKey }) => apiKey === ApiVersions.key);
  const response: ApiVersionsResponse = {
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    apiKeys: own === undefined ? [] : [own],
  };
  return encodeResponseFrame(ApiVersions, 0, correlationId, response);
}

function advertised(served: Served): ApiVersionsResponse["apiKeys"] {
  const ranges = [...served.values()].map(({ api: { key, advertised } }) => ({
    apiKey: key,
    minVersion: advertised[0],
    maxVersion: advertised[1],
  }));
  return ranges.sort((a, b) => a.apiKey - b.apiKey);
}

/** What KIP-511 allows in a client's name and version. */
function isSoftwareName(text: string): boolean {
  return /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/.test(text);
}
