/** `regroup groups …` */
import type { Command } from "commander";
import { type CommandEntry, commandGroup, type Path } from "../command-group.ts";

const commands: readonly CommandEntry[] = [
  {
    name: "list",
    summary: "List groups, with type and state.",
    load: async () => (await import("./list.ts")).listCommand(),
  },
  {
    name: "describe",
    summary: "Show what groups have read, what is left, and who reads it.",
    load: async () => (await import("./describe.ts")).describeCommand(),
  },
  {
    name: "members",
    summary: "Show the members of groups with their partitions.",
    load: async () => (await import("./members.ts")).membersCommand(),
  },
  {
    name: "state",
    summary: "Show the state, coordinator and assignor of groups.",
    load: async () => (await import("./state.ts")).stateCommand(),
  },
  {
    name: "reset-offsets",
    summary: "Move the committed offsets of groups without members.",
    load: async () => (await import("./reset-offsets.ts")).resetOffsetsCommand(),
  },
  {
    name: "delete",
    summary: "Delete groups without members, with their offsets.",
    load: async () => (await import("./delete.ts")).deleteCommand(),
  },
  {
    name: "delete-offsets",
    summary: "Delete a group's offsets of topics that it does not read.",
    load: async () => (await import("./delete-offsets.ts")).deleteOffsetsCommand(),
  },
  {
    name: "remove-member",
    summary: "Make a group do without a member.",
    load: async () => (await import("./remove-member.ts")).removeMemberCommand(),
  },
  {
    name: "watch",
    summary: "Watch a group live: members, lag, and each rebalance with its reason.",
    load: async () => (await import("../watch/watch.ts")).watchCommand(),
  },
  {
    name: "history",
    summary: "Show why and when a group rebalanced, from a recording of groups watch.",
    load: async () => (await import("../watch/history.ts")).historyCommand(),
  },
];

export function groupsCommand(path: Path): Promise<Command> {
  return commandGroup("groups", "List, describe, watch, reset and delete groups of consumers.", commands, path);
}
