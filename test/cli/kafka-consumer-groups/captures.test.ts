/** `regroup kafka-consumer-groups` against what the tool printed, call by call. */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { startTestBroker } from "../../client/broker.ts";
import { emptyGroups, makeScenario } from "../groups/support/scenario.ts";
import { warmRegroup } from "../groups/support/warm-regroup.ts";
import { type Capture, captures, folder } from "./capture.ts";
import { different, failed, partly, usage } from "./deviations.ts";
import { normal, withOurLag, withoutMessages } from "./normal.ts";

const bootstrap = await startTestBroker();
const scenario = await makeScenario(bootstrap);
after(() => scenario[Symbol.asyncDispose]());

const warm = warmRegroup();
after(() => warm.close());

const keyOf = (file: string, { name }: Capture) => `${file}/${name.slice(0, 3)}`;

async function run({ args, environment }: Capture) {
  const words = args.map((word) => (word === "localhost:9092" ? bootstrap : word));
  return warm.run(["kafka-consumer-groups", ...words], { folder, environment });
}

function expectedStdout(capture: Capture): string {
  return withOurLag(withoutMessages(capture.stdout));
}

/** "as reset/075" */
function stdoutOf(text: string): string {
  const [, file, number] = /^as (\S+)\/(\d+)$/.exec(text) ?? [];
  if (file === undefined) return text;
  return expectedStdout(captures(file).find(({ name }) => name.startsWith(number!))!);
}

interface Expected {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: RegExp;
}

function expected(file: string, capture: Capture): Expected {
  const key = keyOf(file, capture);
  const other = different[key];
  if (other !== undefined) return { ...other, stdout: stdoutOf(other.stdout) };
  if (usage[key] !== undefined) return { exitCode: 2, stdout: "", stderr: usage[key] };
  if (failed[key] !== undefined) return { exitCode: 1, stdout: "", stderr: failed[key] };
  const stdout = expectedStdout(capture);
  if (partly[key] !== undefined) return { exitCode: 1, stdout, stderr: partly[key] };
  return { exitCode: capture.exitCode, stdout, stderr: /(?:)/ };
}

/** Nothing is changed by what is refused. */
async function committedAsExpected(file: string, capture: Capture): Promise<void> {
  const key = keyOf(file, capture);
  const isRefused = usage[key] !== undefined || failed[key] !== undefined || different[key] !== undefined;
  for (const [group, after] of capture.committedAfter) {
    const wanted = isRefused ? (untouched.get(group) ?? "") : after;
    assert.equal(await scenario.committed(group), wanted, `committed by ${group}`);
  }
  if (!isRefused && [...capture.committedAfter].some(([group, after]) => untouched.get(group) !== after)) {
    await scenario.restore();
  }
}

const untouched = new Map<string, string>();
for (const group of [...emptyGroups, "billing", "checkout", "stuck"]) {
  untouched.set(group, await scenario.committed(group));
}

const files = ["list", "describe", "reset", "delete-offsets", "delete", "regex", "errors"];

test("every deviation is one of a capture", () => {
  const keys = new Set(files.flatMap((file) => captures(file).map((capture) => keyOf(file, capture))));
  const deviations = [usage, failed, partly, different].flatMap((each) => Object.keys(each));
  assert.deepEqual(
    deviations.filter((key) => !keys.has(key)),
    [],
  );
  assert.equal(new Set(deviations).size, deviations.length);
});

for (const file of files) {
  suite(`kafka-consumer-groups, ${file}`, { concurrency: false }, () => {
    for (const capture of captures(file)) {
      test(capture.name, async () => {
        const { exitCode, stdout, stderr } = expected(file, capture);
        const ran = await run(capture);
        assert.equal(normal(ran.stdout), normal(stdout), ran.stderr);
        assert.match(ran.stderr, stderr);
        assert.equal(ran.exitCode, exitCode, ran.stderr);
        await committedAsExpected(file, capture);
      });
    }
  });
}
