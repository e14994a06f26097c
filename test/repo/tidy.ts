/** The part of the handwriting that a program can check. Patterns are spelled so that this file keeps them itself. */
interface Rule {
  readonly applies: RegExp;
  readonly but?: RegExp;
  readonly banned: RegExp;
  readonly why: string;
}

const code = /\.(ts|js)$/;
const pure = /^src\/(protocol|assignment|log|coordinator|group|transaction|metadata|broker|client\/member)\//;

const rules: readonly Rule[] = [
  {
    applies: /^(src|test|scripts|bin)\//,
    banned: /\bTO[D]O\b|\bFIX[M]E\b|\bX[X]X\b/,
    why: "finish it, or open an issue",
  },
  {
    applies: /^test\//,
    banned: /\b(test|it|describe|suite|t)\.(ski[p]|onl[y]|tod[o])\(|\b(ski[p]|onl[y]|tod[o]): true\b/,
    why: "every test runs",
  },
  {
    applies: /^test\/.*\.(ts|py)$/,
    // These look again and again, limit a wait, keep the time of a member, or pace the life of a cluster.
    but: /(\/until|conformance\/wire\/connection|member\/support\/live-member|(side-by-side|crash|soak)\/run)\.ts$/,
    banned:
      /\bset(Timeout|Interval)\(|\b(sleep|scheduler\.wait)\(|\bset(Timeout|Interval)\b[^}\n]*\} from "(node:)?timers/,
    why: "await a state (regroup/testing, until), never a fixed time",
  },
  { applies: code, banned: /@ts-(ignor[e]|nochec[k])/, why: "types are not switched off" },
  { applies: code, banned: /biome-ignor[e]-all/, why: "lint is not switched off for a file" },
  {
    applies: pure,
    banned: /\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval|setImmediate)\b|new Date\(\)/,
    why: "time and chance come from the clock and the rng that a pure room is given",
  },
  {
    applies: /^src\//,
    but: /^src\/(cli|bench)\//,
    banned: /\bconsole\.\w/,
    why: "only commands print; the server logs",
  },
  { applies: code, banned: /^.{121,}$/m, why: "lines have at most 120 characters" },
  {
    applies: /./,
    banned: /\.\.\/share[d]\b|\/wor[k]\/|\/roo[t]\/|\/hom[e]\/|registry\.npmj[s]|registry\.yarnpk[g]|pypi\.or[g]/,
    why: "no path of one machine and no registry's host",
  },
];

/** @returns a sentence for each breach of the handwriting in this file */
export function untidy(path: string, text: string): string[] {
  const found: string[] = [];
  const lines = text.split("\n");
  if (code.test(path) && lines.length > 501)
    found.push(`${path}: ${lines.length - 1} lines; split it by meaning (500)`);
  const name = path.split("/").at(-1)!;
  if (code.test(path) && !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*$/.test(name))
    found.push(`${path}: name it in kebab-case`);
  for (const { applies, but, banned, why } of rules) {
    if (!applies.test(path) || but?.test(path) || !banned.test(text)) continue;
    const line = lines.findIndex((it) => banned.test(it)) + 1;
    found.push(`${path}:${line}: ${why}`);
  }
  return found;
}
