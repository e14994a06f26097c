/** Loaded in front of a broker: one call of the system for its journal fails, once (`write 20 EIO`: the 20th). */
import fs from "node:fs";

type Call = "write" | "fdatasync";
type Routine = (...all: unknown[]) => unknown;
type Done = (error: Error | null, ...more: unknown[]) => void;

const variable = "REGROUP_TEST_FAILS";

/** The environment of a process whose journal fails. */
export const failing = (call: Call, number: number, code = "EIO"): Record<string, string> => ({
  NODE_OPTIONS: `--import ${import.meta.url}`,
  [variable]: `${call} ${number} ${code}`,
});

const { O_CREAT, O_DSYNC } = fs.constants;
const real = { ...fs } as unknown as Record<string, Routine>;
const journals = new Set<unknown>();

/** A file that is being made is none yet. */
const isJournal = (path: unknown, flags: number) =>
  String(path).endsWith(".journal") && ((flags & O_CREAT) === 0 || (flags & O_DSYNC) !== 0);

function failAt(call: Call, number: number, code: string): void {
  let left = number;
  const refusal = (file: unknown) => {
    if (!journals.has(file) || --left !== 0) return undefined;
    return Object.assign(new Error(`${code}: refused for a test, ${call}`), { code, syscall: call });
  };
  const refusing =
    (name: string): Routine =>
    (...all) => {
      const error = refusal(all[0]);
      if (error === undefined) return real[name]!(...all);
      if (name.endsWith("Sync")) throw error;
      return setImmediate(all.at(-1) as Done, error);
    };
  const names = call === "write" ? ["write", "writev", "writeSync", "writevSync"] : ["fdatasync"];
  Object.assign(fs, Object.fromEntries(names.map((name) => [name, refusing(name)])), {
    open: (path: unknown, flags: number, mode: unknown, done: Done) =>
      real.open!(path, flags, mode, (error: Error | null, file: unknown) => {
        if (error === null && isJournal(path, flags)) journals.add(file);
        done(error, file);
      }),
    close: (file: unknown, ...more: unknown[]) => {
      journals.delete(file);
      return real.close!(file, ...more);
    },
  });
}

const wish = /^(write|fdatasync) (\d+) (\w+)$/.exec(process.env[variable] ?? "");
if (wish !== null) failAt(wish[1] as Call, Number(wish[2]), wish[3]!);
