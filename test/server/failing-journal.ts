/** Loaded in front of a broker: one call of the system for its journal fails with EIO, once (`write 20`: the 20th). */
import fs from "node:fs";

type Call = "write" | "fdatasync";
type Routine = (...all: unknown[]) => unknown;
type Done = (error: Error | null, ...more: unknown[]) => void;

const variable = "REGROUP_TEST_EIO";

/** The environment of a process whose journal fails. */
export const failing = (call: Call, number: number): Record<string, string> => ({
  NODE_OPTIONS: `--import ${import.meta.url}`,
  [variable]: `${call} ${number}`,
});

const { O_CREAT, O_DSYNC } = fs.constants;
const real = { ...fs } as unknown as Record<string, Routine>;
const journals = new Set<unknown>();

/** A file that is being made is none yet. */
const isJournal = (path: unknown, flags: number) =>
  String(path).endsWith(".journal") && ((flags & O_CREAT) === 0 || (flags & O_DSYNC) !== 0);

function failAt(call: Call, number: number): void {
  let left = number;
  const refusal = (file: unknown) =>
    journals.has(file) && --left === 0 ? Object.assign(new Error("EIO: i/o error"), { code: "EIO" }) : undefined;
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

const wish = /^(write|fdatasync) (\d+)$/.exec(process.env[variable] ?? "");
if (wish !== null) failAt(wish[1] as Call, Number(wish[2]));
