/** `regroup topics …` */
import type { Command } from "commander";
import { type CommandEntry, commandGroup, type Path } from "../command-group.ts";

const commands: readonly CommandEntry[] = [
  {
    name: "list",
    summary: "List topics.",
    load: async () => (await import("./list.ts")).listCommand(),
  },
];

export function topicsCommand(path: Path): Promise<Command> {
  return commandGroup("topics", "List, create, describe, widen, configure and delete topics.", commands, path);
}
