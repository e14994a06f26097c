/** What a run has found, as pages of docs/ with JSON beside them. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Versions } from "./brokers.ts";
import type { FoundSoFar } from "./found.ts";
import { linesOf } from "./lines.ts";
import { matrixPage } from "./matrix-page.ts";
import { charts, circumstances, table } from "./report.ts";
import type { Trial } from "./row.ts";

/**
 * Writes the rows with targets into a page that has more to say; the matrix fills its own. A page stays as it is where
 * a row of it has had no round: one that failed has, and its row says why.
 *
 * @returns for each page that stays, why.
 */
export async function writePages(docs: string, trials: readonly Trial[], found: FoundSoFar, has: Versions) {
  const stolen = trials.flatMap(({ id }) => found.of(id)).flatMap((it) => it.stolen);
  const circumstance = circumstances(found.spentMs, stolen);
  const json = (of: readonly Trial[]) => {
    const whole = { circumstances: circumstance, versions: has, found: of.flatMap(({ id }) => found.of(id)) };
    return `${JSON.stringify(whole, null, 1)}\n`;
  };
  const pages = [
    {
      name: "performance",
      of: trials.filter(({ load }) => load === undefined),
      text: async (of: readonly Trial[], file: string) => {
        const lines = of.flatMap((trial) => linesOf(trial, found.of(trial.id)));
        return between(await readFile(file, "utf8"), `${circumstance}\n\n${table(lines)}\n${charts(lines)}`);
      },
    },
    {
      name: "performance-matrix",
      of: trials.filter(({ load }) => load !== undefined),
      text: async (of: readonly Trial[]) => `${matrixPage(circumstance, of, found)}\n`,
    },
  ];
  const staying: string[] = [];
  for (const { name, of, text } of pages.filter((page) => page.of.length > 0)) {
    const file = join(docs, `${name}.md`);
    const missing = of.filter(({ id }) => found.rounds(id) === 0).map(({ id }) => id);
    if (missing.length > 0) {
      staying.push(`${name}.md is not written: ${missing.length} of ${of.length} rows had no round (${few(missing)})`);
      continue;
    }
    await writeFile(file, await text(of, file));
    await writeFile(join(docs, `${name}.json`), json(of));
  }
  return staying;
}

function between(page: string, measured: string): string {
  const [before, after] = [page.split("<!-- measured -->")[0]!, page.split("<!-- /measured -->")[1] ?? ""];
  return `${before}<!-- measured -->\n${measured}<!-- /measured -->${after}`;
}

function few(names: readonly string[]): string {
  const shown = 3;
  return [...names.slice(0, shown), ...(names.length > shown ? ["…"] : [])].join(", ");
}
