/** Which version of an API is spoken with a broker (KIP-35, KIP-511). */
import packageJson from "../../package.json" with { type: "json" };
import { ApiVersions } from "../protocol/apis/api-versions.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { Api, ResponseOf } from "../protocol/schema.ts";
import type { BrokerVersions } from "./cluster.ts";
import type { Connection } from "./connection.ts";
import { brokerError, UnsupportedVersionError } from "./errors.ts";
import type { Call } from "./wait.ts";

type Answer = ResponseOf<typeof ApiVersions>;

const software = { clientSoftwareName: "regroup", clientSoftwareVersion: packageJson.version };

/**
 * Asks in the highest version that this client has. A broker that has it not says so in version 0, with the versions
 * that it has: then it is asked again.
 */
export async function negotiate(connection: Connection, where: string, call: Call): Promise<BrokerVersions> {
  let answer = await connection.send(ApiVersions, ApiVersions.versions[1], software, call);
  if (answer.errorCode === ErrorCode.UNSUPPORTED_VERSION) {
    const highest = answer.apiKeys.find(({ apiKey }) => apiKey === ApiVersions.key)?.maxVersion ?? 0;
    const version = Math.min(highest, ApiVersions.versions[1] - 1);
    answer = await connection.send(ApiVersions, Math.max(0, version), software, call);
  }
  if (answer.errorCode !== ErrorCode.NONE) throw brokerError(answer.errorCode, `${where}: ApiVersions`);
  return new Versions(answer, where);
}

/** The refusal of ApiVersions comes in version 0, whatever was asked. @param frame header (version 0) and body. */
export function answeredVersion(api: Api, version: number, frame: Uint8Array): number {
  if (api !== ApiVersions || frame.length < 6) return version;
  return ((frame[4]! << 8) | frame[5]!) === ErrorCode.UNSUPPORTED_VERSION ? 0 : version;
}

class Versions implements BrokerVersions {
  readonly #ranges: ReadonlyMap<number, Answer["apiKeys"][number]>;
  readonly #features: ReadonlyMap<string, Answer["supportedFeatures"][number]>;
  readonly #finalized: ReadonlyMap<string, number>;
  readonly #where: string;

  constructor({ apiKeys, supportedFeatures, finalizedFeatures }: Answer, where: string) {
    this.#ranges = new Map(apiKeys.map((range) => [range.apiKey, range]));
    this.#features = new Map(supportedFeatures.map((feature) => [feature.name, feature]));
    this.#finalized = new Map(finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]));
    this.#where = where;
  }

  versionOf(api: Api, [lowest, highest]: readonly [number, number] = api.advertised): number {
    const range = this.#ranges.get(api.key);
    if (range === undefined) throw new UnsupportedVersionError(`${this.#where} does not serve ${api.name}`);
    const version = Math.min(highest, range.maxVersion);
    if (version >= Math.max(lowest, range.minVersion)) return version;
    throw new UnsupportedVersionError(
      `${this.#where} speaks ${api.name} in versions ${range.minVersion} to ${range.maxVersion}, ` +
        `${lowest} to ${highest} would do`,
    );
  }

  feature(name: string): { readonly minVersion: number; readonly maxVersion: number } | undefined {
    return this.#features.get(name);
  }

  finalizedLevel(feature: string): number {
    return this.#finalized.get(feature) ?? 0;
  }
}
