/** The completion in shells that not every machine has; bash's is in test/cli. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify, stripVTControlCharacters } from "node:util";
import { shellEnvironment } from "../cli/shell-folder.ts";
import { startTestBroker, unique } from "../client/broker.ts";

const run = promisify(execFile);
const env = await shellEnvironment(await startTestBroker());
const topic = unique("orders");
await run("regroup", ["topics", "create", topic], { env });

test("fish completes commands with what they do, the words of options, and topics", async () => {
  const offered = async (line: string) => {
    const script = "regroup completion fish | source; complete -C $argv[1]";
    const { stdout } = await run("fish", ["--no-config", "-c", script, line], { env });
    return stdout.split("\n").filter(Boolean);
  };
  assert.deepEqual(await offered("regroup topics li"), ["list\tList topics."]);
  assert.deepEqual(await offered("regroup topics list -o "), ["csv", "json", "table", "yaml"]);
  assert.deepEqual(await offered("regroup topics describe or"), [topic]);
});

/** Types the line and Tab into a zsh on a terminal of its own, then has it print the line as it is now. */
const zshSession = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'unsetopt zle_bracketed_paste; PS1=; autoload -Uz compinit; compinit -u -D'
zpty -w shell 'eval "$(regroup completion zsh)"; show() { print -r -- "<$BUFFER>"; zle kill-buffer }'
zpty -w shell 'zle -N show; bindkey "^X" show; print -r REA""DY'
zpty -r -m shell out '*READY*'
zpty -w -n shell "$1"$'\\t\\x18'
zpty -r -m shell out '*<*>*'
print -r -- "$out"
`;

test("zsh completes commands, the words of options, and topics", async () => {
  const completed = async (line: string) => {
    const { stdout } = await run("zsh", ["-f", "-c", zshSession, "zsh", line], { env });
    return /<(.*)>/.exec(stripVTControlCharacters(stdout))?.[1]?.trimEnd();
  };
  assert.equal(await completed("regroup top"), "regroup topics");
  assert.equal(await completed("regroup topics list -o js"), "regroup topics list -o json");
  assert.equal(await completed("regroup topics describe or"), `regroup topics describe ${topic}`);
});
