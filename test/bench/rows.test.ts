/** Every row of the comparison, in a small form: in this process, with little, for a moment, on a broker in memory. */
import assert from "node:assert/strict";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lifeTrials } from "../../src/bench/compare/life-trials.ts";
import { loadTrials } from "../../src/bench/compare/load-trials.ts";
import { matrixTrials } from "../../src/bench/compare/matrix-trials.ts";
import type { Measured, Trial } from "../../src/bench/compare/row.ts";
import { transactionTrials } from "../../src/bench/compare/transaction-trials.ts";
import { type LoadName, loads, type RunLoad } from "../../src/bench/load/loads.ts";
import { type StartedServer, startServer } from "../../src/server/start-server.ts";

let server: StartedServer;
before(async () => {
  const config = { listeners: "PLAINTEXT://127.0.0.1:0", "group.initial.rebalance.delay.ms": "0" };
  server = await startServer({ config, ephemeral: true });
});
after(() => server.close());

/** A row may ask for much, and gets little of it. */
const little = { valueBytes: 1000, warmUpSeconds: 0, members: 6, batchBytes: 1000, producers: 2 };

/** Runs a load in this process; again and longer when the moment was too short for a single answer. */
const runLittle: RunLoad = async (name: LoadName, options: object) => {
  const { run, defaults } = loads[name];
  const asked: Record<string, unknown> = { ...defaults, ...options };
  const given = Object.entries(little).filter(([key]) => key in asked);
  const records = { records: Number(asked.partitions) * 12 }; // some in each partition
  const all = { ...asked, ...Object.fromEntries(given), ...("records" in asked ? records : {}) };
  for (let seconds = 0.05; ; seconds *= 2) {
    const told = await (run as (options: object) => Promise<Record<string, number>>)({ ...all, seconds });
    if (seconds > 3 || Object.values(told).every(Number.isFinite)) return told as never;
  }
};

async function measured(trial: Trial): Promise<void> {
  const broker: Measured = {
    product: "regroup",
    server: server.bootstrapServers,
    pid: process.pid,
    stop: () => assert.fail("it is to stay"),
    kill: () => assert.fail("it is to stay"),
    startAgain: () => assert.fail("it is to stay"),
  };
  const told = await trial.measure(broker, `rows-${trial.id}`, runLittle);
  tellsAll(trial, trial.figures, told);
}

function tellsAll({ id }: Trial, figures: object, told: Readonly<Record<string, number>>): void {
  for (const figure of Object.keys(figures)) {
    assert.ok(Number.isFinite(told[figure]), `${id} tells ${figure}: ${told[figure]}`);
  }
}

test("no two rows of the matrix have the same name", () => {
  const ids = [...loadTrials, ...transactionTrials, ...matrixTrials].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

const slow = (trial: Trial) => trial.id.startsWith("group-"); // one of its members dies, which takes 6 s

test("each row tells all its figures", async () => {
  for (const trial of [...loadTrials, ...transactionTrials]) await measured(trial);
});

test("what the machine takes without a broker is told beside the rows that it says most about", async () => {
  const folder = await mkdtemp(join(tmpdir(), "regroup-bench-"));
  const beside = [...loadTrials, ...lifeTrials].filter(({ machine }) => machine !== undefined);
  assert.deepEqual(
    beside.map(({ id }) => id),
    ["latency", "commits-64", "start"],
  );
  for (const trial of beside) {
    tellsAll(trial, trial.machine!.figures, await trial.machine!.measure(folder, runLittle));
  }
  await rmdir(folder); // nothing is left there
});

test("each row of the matrix tells all its figures", async () => {
  const groups = Promise.all(matrixTrials.filter(slow).map(measured));
  for (const trial of matrixTrials.filter((it) => !slow(it))) await measured(trial);
  await groups;
});
