/** Commands that hold commands. Only those on the way to what was asked for are loaded. */
import { Command } from "commander";

/** What is to be loaded: the words of a call that name commands, or all there is, for completion. */
export type Path = readonly string[] | "all";

export interface CommandEntry {
  readonly name: string;
  /** One line; the loaded command has the same. */
  readonly summary: string;
  /** For programs: not listed by --help. */
  readonly isHidden?: true;
  /** @param path the rest of the words, for a command that holds commands. */
  readonly load: (path: Path) => Promise<Command>;
}

export async function commandGroup(
  name: string,
  summary: string,
  entries: readonly CommandEntry[],
  path: Path,
): Promise<Command> {
  const group = new Command(name).description(summary).enablePositionalOptions(); // what follows a command is its own
  const wanted = path === "all" ? undefined : path.find((word) => word !== "help");
  const rest = path === "all" ? path : path.slice(path.indexOf(wanted ?? "") + 1);
  for (const entry of entries) {
    const isWanted = path === "all" || entry.name === wanted;
    const command = isWanted ? await entry.load(rest) : new Command(entry.name).description(entry.summary);
    group.addCommand(command, { hidden: entry.isHidden === true });
  }
  return group;
}
