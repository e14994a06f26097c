/**
 * What commands that talk to a broker have in common. A command is a file; it holds its options, and loads what it
 * needs to run when it runs, so that help, completion and other commands stay quick:
 *
 *     export function deleteCommand(): Command {
 *       return dataCommand("delete", "Delete topics.")
 *         .argument("<topic...>", "their names")
 *         .addHelpText("after", examples("regroup topics delete orders"))
 *         .action((topics: string[], flags: DataFlags) =>
 *           withAdmin(flags, async ({ admin, output }) => { … }),
 *         );
 *     }
 */
import { Command, Option } from "commander";
import { type Format, formats } from "./output/output.ts";

export interface ConnectionFlags {
  readonly bootstrapServer?: string;
  readonly X?: readonly string[];
  readonly config?: string;
  readonly profile?: string;
  readonly verbose?: boolean;
}

export interface DataFlags extends ConnectionFlags {
  readonly output: Format;
}

const connectionGroup = "Connection:";

/** Talks to a broker: `--bootstrap-server`, `-X`, `--config`, `--profile` (client-settings.ts reads them). */
export function brokerCommand(name: string, summary: string): Command {
  const options = [
    new Option("-b, --bootstrap-server <host:port,...>", "where the cluster is met first (default: 127.0.0.1:9092)"),
    new Option("-X <key=value>", "a key of the Java client; may stand more than once").argParser(collect),
    new Option("--config <file>", "a properties file of such keys"),
    new Option("--profile <name>", "such a file by its name, of those in ~/.config/regroup/"),
    new Option("--verbose", "tell on stderr what the client does"),
  ];
  const command = new Command(name).description(summary);
  for (const option of options) command.addOption(option.helpGroup(connectionGroup));
  return command;
}

/** Talks to a broker, and prints data as `-o` says. */
export function dataCommand(name: string, summary: string): Command {
  const option = new Option("-o, --output <format>", "how data is printed").choices(formats).default("table");
  return brokerCommand(name, summary).addOption(option);
}

/** For options that may stand more than once. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Stands below the options in `--help`. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
