import type { AlterOperation } from "../../metadata/requests.ts";
import type { IncrementalAlterConfigs } from "../../protocol/apis/incremental-alter-configs.ts";
import { alterResources } from "../alter-resources.ts";
import type { Handler } from "../context.ts";

const operations: readonly AlterOperation[] = ["SET", "DELETE", "APPEND", "SUBTRACT"];

export const incrementalAlterConfigs: Handler<typeof IncrementalAlterConfigs> = async (request, { broker }) => {
  const { resources, validateOnly } = request;
  const changes = resources.map((resource) => ({
    ...resource,
    configs: resource.configs.map(({ name, value, configOperation }) => ({
      name,
      value,
      operation: operations[configOperation] ?? configOperation,
    })),
  }));
  return { responses: await alterResources(changes, { replace: false, validateOnly }, broker) };
};
