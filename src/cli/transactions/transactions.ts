/** `regroup transactions …` */
import type { Command } from "commander";
import { type CommandEntry, commandGroup, type Path } from "../command-group.ts";

const commands: readonly CommandEntry[] = [
  {
    name: "list",
    summary: "List transactional ids, with the states of their transactions.",
    load: async () => (await import("./list.ts")).listCommand(),
  },
  {
    name: "describe",
    summary: "Show transactions: their producers, how long they are open, and where they write.",
    load: async () => (await import("./describe.ts")).describeCommand(),
  },
  {
    name: "producers",
    summary: "Show the producers that partitions remember, and their open transactions.",
    load: async () => (await import("./producers.ts")).producersCommand(),
  },
  {
    name: "find-hanging",
    summary: "Find transactions that no coordinator will end.",
    load: async () => (await import("./find-hanging.ts")).findHangingCommand(),
  },
  {
    name: "abort",
    summary: "Abort a hanging transaction in its partition.",
    load: async () => (await import("./abort.ts")).abortCommand(),
  },
  {
    name: "fence",
    summary: "Fence the producers of transactional ids, and abort what they have open.",
    load: async () => (await import("./fence.ts")).fenceCommand(),
  },
];

export function transactionsCommand(path: Path): Promise<Command> {
  return commandGroup("transactions", "List, describe, find and abort transactions.", commands, path);
}
