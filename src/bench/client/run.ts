/** One task by one client in this process: `node run.ts <client> <task as JSON>` prints what was measured. */
import type { Measured, Subject, Task } from "./task.ts";

const [name, text] = process.argv.slice(2);
const task = JSON.parse(text!) as Task;
const { subject } = (await import(`./${name}.ts`)) as { subject: Subject };

const batchSize = 1000;
const inFlight = 8;

/** Counts, and measures between the end of the warm-up and the last one. */
function stopwatch({ warmUpRecords, records }: Task) {
  let count = 0;
  let beginMs = 0;
  let cpu = process.cpuUsage();
  let measured: Measured | undefined;
  return {
    /** @returns false when there are enough. */
    add(more: number): boolean {
      const before = count;
      count += more;
      if (before < warmUpRecords && count >= warmUpRecords) {
        beginMs = performance.now();
        cpu = process.cpuUsage();
      }
      return count < warmUpRecords + records;
    },
    end(): void {
      const { user, system } = process.cpuUsage(cpu);
      measured = { records, seconds: (performance.now() - beginMs) / 1000, cpuMicros: user + system };
    },
    get measured(): Measured {
      if (measured === undefined) throw new Error("it ended too early");
      return measured;
    },
  };
}

async function produce(): Promise<Measured> {
  const watch = stopwatch(task);
  const value = Buffer.alloc(task.valueBytes, "v");
  const batch = Array.from({ length: batchSize }, () => value);
  let isOver = false;
  const next = () => {
    if (isOver) return undefined;
    isOver = !watch.add(batchSize);
    return batch;
  };
  await subject.produce(task, next, inFlight);
  watch.end();
  return watch.measured;
}

async function consume(): Promise<Measured> {
  const watch = stopwatch(task);
  let bytes = 0;
  await subject.consume(task, (value) => {
    bytes += value.length;
    const goesOn = watch.add(1);
    if (!goesOn) watch.end();
    return goesOn;
  });
  if (bytes !== task.valueBytes * (task.warmUpRecords + task.records)) throw new Error(`${bytes} bytes came`);
  return watch.measured;
}

/** From nothing but the loaded library to the first record of a new group. */
async function firstRecord(): Promise<Measured> {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  let seconds = 0;
  await subject.consume(task, () => {
    seconds = (performance.now() - begin) / 1000;
    return false;
  });
  const { user, system } = process.cpuUsage(cpu);
  return { records: 1, seconds, cpuMicros: user + system };
}

const measured = await { produce, consume, "first-record": firstRecord }[task.do]();
process.stdout.write(JSON.stringify(measured), () => process.exit(0));
