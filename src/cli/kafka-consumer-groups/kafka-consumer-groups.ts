/**
 * `regroup kafka-consumer-groups`: takes the options of kafka-consumer-groups.sh 4.3.1 and prints its columns, for
 * scripts that were written for it. Where it differs, docs/command-line-differences.md says so.
 */
import { Command } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import { examples } from "../broker-command.ts";
import { integer, largest } from "../key-values.ts";
import { withAdmin } from "../with-client.ts";
import { type Action, actionOf, type ToolFlags, toolOptions } from "./tool-options.ts";

export function kafkaConsumerGroupsCommand(): Command {
  const command = new Command("kafka-consumer-groups").description(
    "Take the options of kafka-consumer-groups.sh and print its columns.",
  );
  return toolOptions(command)
    .addHelpText(
      "after",
      examples(
        "regroup kafka-consumer-groups --bootstrap-server localhost:9092 --describe --group billing",
        "regroup kafka-consumer-groups --bootstrap-server localhost:9092 --list --state",
      ),
    )
    .action(run);
}

type Run = (admin: Admin, flags: ToolFlags) => Promise<void>;

const runs: Readonly<Record<Exclude<Action, "validateRegex">, () => Promise<Run>>> = {
  list: async () => (await import("./list.ts")).list,
  describe: async () => (await import("./describe.ts")).describe,
  delete: async () => (await import("./delete.ts")).deleteThem,
  resetOffsets: async () => (await import("./reset-offsets.ts")).resetOffsets,
  deleteOffsets: async () => (await import("./delete-offsets.ts")).deleteOffsets,
};

async function run(flags: ToolFlags): Promise<void> {
  const action = actionOf(flags);
  if (action === "validateRegex") {
    const { validateRegex } = await import("./validate-regex.ts");
    return validateRegex(flags.validateRegex!);
  }
  const { bootstrapServer, commandConfig, timeout } = flags;
  const connection = {
    output: "table" as const,
    bootstrapServer: bootstrapServer!,
    ...(commandConfig === undefined ? {} : { config: commandConfig }),
  };
  const overrides =
    timeout === undefined ? {} : { "default.api.timeout.ms": integer("--timeout", timeout, 1, largest.int32) };
  const work = await runs[action]();
  await withAdmin(connection, ({ admin }) => work(admin, flags), overrides);
}
