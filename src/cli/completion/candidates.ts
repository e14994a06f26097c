/** What could stand next on a command line: read off the tree of commands, and asked of the broker for names. */
import type { Argument, Command, Option } from "commander";
import type { Admin } from "../../client/admin/admin.ts";
import type { ConnectionFlags } from "../broker-command.ts";
import { WordsOption } from "../words-option.ts";
import { filesMark } from "./scripts.ts";

export interface Candidate {
  readonly text: string;
  readonly about?: string | undefined;
}

/** @param words those before the one that is being typed. */
export async function candidates(words: readonly string[], typed: string): Promise<Candidate[]> {
  const { program } = await import("../program.ts");
  const end = words.findIndex((word) => word.startsWith("-"));
  const position = read(await program(end === -1 ? words : words.slice(0, end)), words);
  const found = await (position.awaited === undefined
    ? atRest(position, typed)
    : valuesOf(position.awaited, position, typed));
  return found.filter(({ text }) => text.startsWith(typed) || text === filesMark);
}

/** Where the words lead. */
interface Position {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly awaited: Option | undefined;
  /** Of the command. */
  readonly operands: readonly string[];
  /** Behind a "--" nothing is an option. */
  readonly isPlain: boolean;
  readonly flags: ConnectionFlags;
}

function read(root: Command, words: readonly string[]): Position {
  let command = root;
  let awaited: Option | undefined;
  let isPlain = false;
  const operands: string[] = [];
  const values = new Map<string, string[]>();
  const given = (option: Option, value: string) => {
    values.set(option.attributeName(), [...(values.get(option.attributeName()) ?? []), value]);
  };
  for (const word of words) {
    if (awaited !== undefined) {
      given(awaited, word);
      awaited = undefined;
    } else if (word === "--") {
      isPlain = true;
    } else if (word.startsWith("-") && !isPlain) {
      const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [undefined, word, undefined];
      const option = command.options.find(({ long, short }) => long === name || short === name);
      if (option !== undefined && takesValue(option)) {
        if (value === undefined) awaited = option;
        else given(option, value);
      }
    } else {
      const inner = operands.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (inner === undefined) operands.push(word);
      else command = inner;
    }
  }
  return { command, awaited, operands, isPlain, flags: connectionFlags(values) };
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function connectionFlags(values: ReadonlyMap<string, readonly string[]>): ConnectionFlags {
  const last = (name: string) => values.get(name)?.at(-1);
  const [bootstrapServer, config, profile] = [last("bootstrapServer"), last("config"), last("profile")];
  return {
    ...(bootstrapServer === undefined ? {} : { bootstrapServer }),
    ...(config === undefined ? {} : { config }),
    ...(profile === undefined ? {} : { profile }),
    X: values.get("X") ?? [],
  };
}

/** Commands, options, arguments. */
async function atRest(position: Position, typed: string): Promise<Candidate[]> {
  const { command, operands, isPlain } = position;
  if (typed.startsWith("-") && !isPlain) return options(command);
  if (command.commands.length > 0) {
    if (operands.length > 0) return []; // a command that does not exist
    const visible = command.createHelp().visibleCommands(command);
    return visible.map((each) => ({ text: each.name(), about: each.description() }));
  }
  const { registeredArguments: expected } = command;
  const argument = expected[operands.length] ?? expected.findLast(({ variadic }) => variadic);
  if (argument === undefined) return options(command);
  const found = await valuesOf(argument, position, typed);
  return found.filter(({ text }) => !operands.includes(text));
}

function options(command: Command): Candidate[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.map(({ long, short, description }) => ({ text: long ?? short!, about: description }));
}

/** Their placeholders tell what arguments and options take: <topic>, <group>, <file>. */
async function valuesOf(taker: Argument | Option, { flags }: Position, typed: string): Promise<Candidate[]> {
  if (taker instanceof WordsOption) return taker.completing(typed).map((text) => ({ text }));
  if (taker.argChoices !== undefined) return taker.argChoices.map((text) => ({ text }));
  const placeholder = "flags" in taker ? (/[<[]([\w-]+)/.exec(taker.flags)?.[1] ?? "") : taker.name();
  const isGroup = placeholder === "group" || ("long" in taker && taker.long === "--group");
  if (placeholder === "file" || placeholder === "path") return [{ text: filesMark }];
  if (placeholder === "topic") return names(flags, topicsOf);
  if (placeholder === "transactional-id") return names(flags, transactionalIdsOf);
  if (isGroup) return names(flags, async (admin) => (await admin.listGroups()).map(({ groupId }) => groupId));
  return [];
}

async function topicsOf(admin: Admin): Promise<string[]> {
  return (await admin.listTopics()).filter(({ isInternal }) => !isInternal).map(({ topic }) => topic);
}

async function transactionalIdsOf(admin: Admin): Promise<string[]> {
  return (await admin.listTransactions()).map(({ transactionalId }) => transactionalId);
}

/** A person has typed Tab, and does not wait long. */
const timeoutMs = 1000;

/** @returns none when the broker does not answer: completion never fails. */
async function names(flags: ConnectionFlags, list: (admin: Admin) => Promise<string[]>): Promise<Candidate[]> {
  const { openAdmin } = await import("../with-client.ts");
  try {
    const admin = await openAdmin(flags, { "default.api.timeout.ms": timeoutMs });
    try {
      return (await list(admin)).map((text) => ({ text }));
    } finally {
      await admin.close();
    }
  } catch {
    return [];
  }
}
