import type { AlterConfigs } from "../../protocol/apis/alter-configs.ts";
import { alterResources } from "../alter-resources.ts";
import type { Handler } from "../context.ts";

/** What is not named goes back to its default: the older form, which IncrementalAlterConfigs replaced. */
export const alterConfigs: Handler<typeof AlterConfigs> = async ({ resources, validateOnly }, { broker }) => {
  const changes = resources.map((resource) => ({
    ...resource,
    configs: resource.configs.map((config) => ({ ...config, operation: "SET" as const })),
  }));
  return { responses: await alterResources(changes, { replace: true, validateOnly }, broker) };
};
