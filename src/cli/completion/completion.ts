/** `regroup completion` prints what a shell loads once; `regroup complete` is what it asks then. */
import { Argument, Command } from "commander";
import { examples } from "../broker-command.ts";
import { writeOut } from "../stdout.ts";
import { candidates } from "./candidates.ts";
import { filesMark, scripts } from "./scripts.ts";

export function completionCommand(): Command {
  return new Command("completion")
    .description("Print the completion of commands, options, topics and groups for a shell.")
    .addArgument(new Argument("<shell>").choices(Object.keys(scripts)))
    .addHelpText(
      "after",
      examples(
        'eval "$(regroup completion bash)"                # in ~/.bashrc',
        'eval "$(regroup completion zsh)"                 # in ~/.zshrc, behind compinit',
        "regroup completion fish | source                 # in ~/.config/fish/config.fish",
      ),
    )
    .action((shell: string) => writeOut(scripts[shell]!));
}

export function completeCommand(): Command {
  return new Command("complete")
    .description("Print what could stand next; the shells' completion asks it.")
    .argument("[word...]", "those of the call, the last one unfinished")
    .addHelpText(
      "after",
      `${examples("regroup complete -- topics de", "regroup complete -- topics describe ''")}
A line each, with a tab before its description; ${filesMark} where files are meant.
`,
    )
    .action(async (words: readonly string[]) => {
      const found = await candidates(words.slice(0, -1), words.at(-1) ?? "");
      await writeOut(
        found.map(({ text, about }) => (about === undefined ? `${text}\n` : `${text}\t${about}\n`)).join(""),
      );
    });
}
