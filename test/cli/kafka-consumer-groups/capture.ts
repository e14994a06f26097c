/** What kafka-consumer-groups.sh 4.3.1 printed, call by call: `captures/*.txt`. Stack traces are left out. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Capture {
  readonly name: string;
  /** Behind the tool's name and its server. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly exitCode: number;
  readonly stdout: string;
  /** By group: what was committed when the call was over, where it might have changed. */
  readonly committedAfter: ReadonlyMap<string, string>;
}

export const folder = fileURLToPath(new URL("captures/", import.meta.url));

export function captures(file: string): Capture[] {
  const blocks = readFileSync(`${folder}${file}.txt`, "utf8").split(/^=== /m).slice(1);
  return blocks.map((block) => {
    const [name, command, exit, , ...rest] = block.split("\n") as [string, string, string, string, ...string[]];
    const end = rest.findIndex((line) => line.startsWith("--- committed by"));
    const output = end < 0 ? rest.slice(0, -1) : rest.slice(0, end);
    const words = wordsOf(command.slice(2));
    const tool = words.findIndex((word) => word.endsWith(".sh"));
    return {
      name,
      args: words.slice(tool + 1),
      environment: Object.fromEntries(words.slice(0, tool).map((word) => word.split("="))),
      exitCode: Number(exit.slice("exit ".length)),
      stdout: output.map((line) => `${line}\n`).join(""),
      committedAfter: end < 0 ? new Map() : committedAfter(rest.slice(end)),
    };
  });
}

/** As a shell takes them, with single quotes. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/(?:'([^']*)'|(\S+))(?: |$)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

function committedAfter(lines: readonly string[]): Map<string, string> {
  const after = new Map<string, string>();
  lines.forEach((line, index) => {
    const group = /^--- committed by (.*): before, after$/.exec(line)?.[1];
    if (group !== undefined) after.set(group, lines[index + 2] === "none" ? "" : lines[index + 2]!);
  });
  return after;
}
