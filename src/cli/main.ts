import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { serveCommand } from "./serve.ts";

/** `regroup …`: every command is a file beside this one. */
export async function main(args: readonly string[]): Promise<void> {
  const program = new Command("regroup")
    .description("Kafka's consumer groups as a system.")
    .version(packageJson.version);
  program.addCommand(serveCommand());
  await program.parseAsync(args, { from: "user" });
}
