/** `regroup topics …` */
import type { Command } from "commander";
import { type CommandEntry, commandGroup, type Path } from "../command-group.ts";

const commands: readonly CommandEntry[] = [
  {
    name: "list",
    summary: "List topics.",
    load: async () => (await import("./list.ts")).listCommand(),
  },
  {
    name: "create",
    summary: "Create topics.",
    load: async () => (await import("./create.ts")).createCommand(),
  },
  {
    name: "describe",
    summary: "Show the partitions of topics: leaders, replicas, offsets, configs.",
    load: async () => (await import("./describe.ts")).describeCommand(),
  },
  {
    name: "add-partitions",
    summary: "Give topics more partitions; there is no way back.",
    load: async () => (await import("./add-partitions.ts")).addPartitionsCommand(),
  },
  {
    name: "config",
    summary: "Show and change the configs of topics.",
    load: async () => (await import("./config.ts")).configCommand(),
  },
  {
    name: "delete",
    summary: "Delete topics, with all that is in them.",
    load: async () => (await import("./delete.ts")).deleteCommand(),
  },
];

export function topicsCommand(path: Path): Promise<Command> {
  return commandGroup("topics", "List, create, describe, widen, configure and delete topics.", commands, path);
}
