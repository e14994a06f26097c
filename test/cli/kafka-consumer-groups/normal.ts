/** Brings captures and our output to a form in which only what is determined is left. */

/** Groups of the captures that speak protocols which our scenario does not have. */
const foreign = ["search", "search-all", "audit", "moving", "migrating", "pricing", "legacy"];
const isForeign = (line: string) => foreign.some((group) => line.startsWith(`${group} `) || line === group);

/** Rows come in the order of hash maps; ids of members and ports differ with each run. */
export function normal(stdout: string): string {
  const text = stdout
    .replaceAll(/-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "-00000000-0000-0000-0000-000000000000")
    .replaceAll(/\S+:\d+ {2}\(1\) */g, "127.0.0.1:9092  (1)       ");
  const blocks = text
    .split(/\n\n+/)
    .map((block) => block.split("\n").filter((line) => line !== "" && !isForeign(line)));
  const shown = blocks.filter((lines) => lines.length > 1 || !/^(?:GROUP .*)?$/.test(lines.join("")));
  return shown.map((lines) => sortedNames(lines).toSorted().join("\n")).join("\n\n");
}

/** ('reports', 'archive') is ('archive', 'reports'). */
function sortedNames(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/'[^']+'(?:, '[^']+')+/, (names) => names.split(", ").toSorted().join(", ")));
}

/** What the tool says on stdout besides data; ours goes to stderr. */
export function withoutMessages(stdout: string): string {
  const told = stdout
    .replaceAll(/^\n?(?:Warn|Error): .*\n(?:\* Group .*\n)*/gm, "")
    .replace(/^\n(?=These consumer)/, "");
  return told.replaceAll(/Error: org\.apache\.kafka\.common\.errors\.(\w+)Exception: .*$/gm, (_, name: string) => {
    return `Error: ${name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
  });
}

/** First offset of the partitions whose log does not start at 0. */
const logStarts: Readonly<Record<string, number>> = { "orders:1": 10 };

/** LAG as we count it: records that exist and are not committed. The tool has "-", 105 of 100, and -10. */
export function withOurLag(stdout: string): string {
  let header = "";
  const lines = stdout.split("\n").map((line) => {
    if (line.startsWith("GROUP ")) header = line;
    else if (line !== "" && header.includes(" LAG ")) return replaced(line, header);
    return line;
  });
  return lines.join("\n");
}

function replaced(line: string, header: string): string {
  const cell = (title: string) => /^\S+/.exec(line.slice(header.indexOf(title)))![0];
  const start = logStarts[`${cell("TOPIC ")}:${cell("PARTITION ")}`] ?? 0;
  const current = cell("CURRENT-OFFSET ") === "-" ? start : Number(cell("CURRENT-OFFSET "));
  const lag = Math.max(0, Number(cell("LOG-END-OFFSET ")) - Math.max(start, current));
  return line.slice(0, header.indexOf("LAG ")) + String(lag).padEnd(16) + line.slice(header.indexOf("CONSUMER-ID "));
}
