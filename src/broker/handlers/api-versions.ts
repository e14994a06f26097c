import { ApiVersions, type ApiVersionsResponse } from "../../protocol/apis/api-versions.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { encodeResponseFrame } from "../../protocol/frame.ts";
import type { Handler } from "../context.ts";
import type { ServedApi } from "./index.ts";

type Served = ReadonlyMap<number, ServedApi>;

/** Kafka 4.3's metadata.version; clients take the features of a cluster from it. */
const metadataVersion = 30;
const oldestMetadataVersion = 7;

/** The table of what is served is given by the broker, since this handler is in it. */
export function apiVersionsOf(served: () => Served): Handler<typeof ApiVersions> {
  return ({ clientSoftwareName, clientSoftwareVersion }, { version, broker }) => {
    const names = [clientSoftwareName, clientSoftwareVersion];
    if (version >= 3 && !names.every(isSoftwareName)) return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] };
    return {
      errorCode: ErrorCode.NONE,
      apiKeys: advertised(served()),
      supportedFeatures: [{ name: "metadata.version", minVersion: oldestMetadataVersion, maxVersion: metadataVersion }],
      finalizedFeaturesEpoch: broker.brokerEpoch,
      finalizedFeatures: [
        { name: "metadata.version", minVersionLevel: metadataVersion, maxVersionLevel: metadataVersion },
      ],
    };
  };
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
