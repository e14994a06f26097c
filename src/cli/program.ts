/**
 * `regroup …`: the tree of commands. Each is a module that is loaded when it is asked for. To add one, add a line here,
 * or in the file of the group that holds it (topics/topics.ts).
 */
import type { Command, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { type CommandEntry, commandGroup, type Path } from "./command-group.ts";

const commands: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: "Run the broker.",
    load: async () => (await import("./serve.ts")).serveCommand(),
  },
  {
    name: "topics",
    summary: "List, create, describe, widen, configure and delete topics.",
    load: async (path) => (await import("./topics/topics.ts")).topicsCommand(path),
  },
  {
    name: "produce",
    summary: "Write records to a topic: arguments, a file, or what comes on stdin.",
    load: async () => (await import("./records/produce.ts")).produceCommand(),
  },
  {
    name: "consume",
    summary: "Print the records of topics, as a member of a group or alone.",
    load: async () => (await import("./records/consume.ts")).consumeCommand(),
  },
  {
    name: "simulate",
    summary: "Run the real broker and the real consumer coordinator through seeded worlds of faults.",
    load: async () => (await import("./simulate/simulate.ts")).simulateCommand(),
  },
  {
    name: "bench",
    summary: "List and run the benchmarks of the repository.",
    load: async () => (await import("./bench/bench.ts")).benchCommand(),
  },
  {
    name: "groups",
    summary: "List, describe, watch, reset and delete groups of consumers.",
    load: async (path) => (await import("./groups/groups.ts")).groupsCommand(path),
  },
  {
    name: "transactions",
    summary: "List, describe, find and abort transactions.",
    load: async (path) => (await import("./transactions/transactions.ts")).transactionsCommand(path),
  },
  {
    name: "kafka-consumer-groups",
    summary: "Take the options of kafka-consumer-groups.sh and print its columns.",
    load: async () => (await import("./kafka-consumer-groups/kafka-consumer-groups.ts")).kafkaConsumerGroupsCommand(),
  },
  {
    name: "completion",
    summary: "Print the completion of commands, options, topics and groups for a shell.",
    load: async () => (await import("./completion/completion.ts")).completionCommand(),
  },
  {
    name: "complete",
    summary: "Print what could stand next; the shells' completion asks it.",
    isHidden: true,
    load: async () => (await import("./completion/completion.ts")).completeCommand(),
  },
];

export async function program(path: Path): Promise<Command> {
  const root = await commandGroup("regroup", "Kafka's consumer groups as a system.", commands, path);
  root.version(packageJson.version);
  prepare(root);
  return root;
}

/** Errors are thrown, and told in one form; whoever asks for nothing is shown what there is. */
function prepare(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, "regroup: ")),
  });
  // What a command alone has comes before what it shares with others.
  (command.options as Option[]).sort(
    (a, b) => Number(a.helpGroupHeading !== undefined) - Number(b.helpGroupHeading !== undefined),
  );
  command.showHelpAfterError(`Try: ${pathOf(command)} --help`);
  for (const each of command.commands) prepare(each);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
