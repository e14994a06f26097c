/** `--state Empty,Dead`: an option that takes one or more of some words, in any case. */
import { Option } from "commander";
import { UsageError } from "./errors.ts";

export class WordsOption extends Option {
  readonly words: readonly string[];

  /** @param about ends in what the words are: they follow it in the help. */
  constructor(flags: string, about: string, words: readonly string[]) {
    super(flags, `${about}: ${words.join(", ")}`);
    this.words = words;
  }

  /** Those that may stand where the last word of `typed` is, behind those that are there. */
  completing(typed: string): string[] {
    const before = typed.slice(0, typed.lastIndexOf(",") + 1);
    const taken = before.toLowerCase().split(",");
    return this.words.filter((word) => !taken.includes(word.toLowerCase())).map((word) => `${before}${word}`);
  }

  /** @param text as it was given; undefined: all. @throws {UsageError} for a word that is not known. */
  matcher(text: string | undefined): (word: string) => boolean {
    return oneOf(this.long!, text, this.words);
  }
}

/** @param text words with commas between them, in any case. @throws {UsageError} for a word that is not known. */
export function oneOf(option: string, text: string | undefined, known: readonly string[]): (word: string) => boolean {
  if (text === undefined) return () => true;
  const wanted = new Set(text.split(",").map((word) => word.trim().toLowerCase()));
  const unknown = [...wanted].filter((word) => !known.some((each) => each.toLowerCase() === word));
  if (unknown.length > 0) throw new UsageError(`${option} ${text}: expected one or more of ${known.join(",")}`);
  return (word) => wanted.has(word.toLowerCase());
}
