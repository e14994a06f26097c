/** What AlterConfigs and IncrementalAlterConfigs have in common: checks of the request, then the metadata shard. */
import { resourceTypes } from "../metadata/image.ts";
import type { AlterOperation, AlterResource } from "../metadata/requests.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { refuseBroker, resourceTypeName } from "./config-resources.ts";
import type { BrokerServices } from "./context.ts";

export interface AskedResource {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly {
    readonly name: string;
    readonly value: string | null;
    /** A number: an operation that Kafka does not know. */
    readonly operation: AlterOperation | number;
  }[];
}

export interface AlteredResource {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
}

/** Each resource is altered whole or not at all, whatever becomes of the others. */
export async function alterResources(
  asked: readonly AskedResource[],
  { replace, validateOnly }: { readonly replace: boolean; readonly validateOnly: boolean },
  broker: BrokerServices,
): Promise<AlteredResource[]> {
  const problems = asked.map((resource) => refuse(resource, asked, broker));
  const valid = asked.filter((_, at) => problems[at] === undefined);
  const resources = valid.map((resource) => ({
    type: resource.resourceType as AlterResource["type"],
    name: resource.resourceName,
    replace,
    changes: resource.configs as AlterResource["changes"],
  }));
  const outcome = await broker.metadataShard.submit("AlterConfigs", { resources, validateOnly });
  const results = outcome.ok
    ? [...outcome.reply]
    : valid.map(() => ({ errorCode: outcome.errorCode, errorMessage: null }));
  return asked.map(({ resourceType, resourceName }, at) => {
    const problem = problems[at];
    const result =
      problem === undefined ? results.shift()! : { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: problem };
    return { ...result, resourceType, resourceName };
  });
}

/** @returns why the request is malformed, in Kafka's words. */
function refuse(
  resource: AskedResource,
  all: readonly AskedResource[],
  { nodeId }: BrokerServices,
): string | undefined {
  const { resourceType: type, resourceName: name, configs } = resource;
  const isSame = (other: AskedResource) => other.resourceType === type && other.resourceName === name;
  if (all.filter(isSame).length > 1) return "Each resource must appear at most once.";
  if (new Set(configs.map((config) => config.name)).size < configs.length) return "Error due to duplicate config keys";
  const nulls = configs.filter(({ value, operation }) => value === null && operation !== "DELETE");
  if (nulls.length > 0) return `Null value not supported for : ${nulls.map((config) => config.name).join(", ")}`;
  if (resourceTypeName(type) === undefined) return `Unknown resource type ${type}`;
  if (type === resourceTypes.TOPIC && name === "") return "Default topic resources are not allowed.";
  const stranger = configs.find(({ operation }) => typeof operation === "number");
  if (stranger !== undefined) return `Unknown operations type ${stranger.operation}`;
  return type === resourceTypes.BROKER && name !== "" ? refuseBroker(name, nodeId) : undefined;
}
