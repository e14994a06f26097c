/**
 * How long partitions stand still while members come and go: 32 partitions with a record every 10 ms, and 4 members at
 * the client's defaults (cooperative-sticky, session.timeout.ms 45 s); a fifth joins, leaves, or is killed. What moves
 * stands still from one record to the next, so the resolution is these 10 ms; of what stays is told how late a record
 * is read.
 *
 *     npm run bench -- pauses [--bootstrap-server host:port] [--rounds 5]
 *
 * Without a server it measures against regroup brokers of its own, with and without heartbeats that wait (decision
 * 0009 has the figures), and what 1,000 members cost whose heartbeats wait.
 */
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { numberOf, readFlags } from "./flags.ts";
import { givenServer } from "./given-server.ts";
import { thousandMembers } from "./pauses/crowd.ts";
import { Party, type Pauses } from "./pauses/party.ts";
import { startBroker } from "./start-broker.ts";

const flags = readFlags({ "bootstrap-server": { type: "string" }, rounds: { type: "string", default: "5" } });
const rounds = numberOf("rounds", flags.rounds);
/** The shortest that brokers take by default. */
const crashSessionMs = 6000;
/** After a rebalance heartbeats come early for 6 s: what is to be measured is the next one, not its echo. */
const calmMs = 8000;

function row(found: readonly Pauses[]) {
  const movedMs = sorted(found.flatMap(({ moved }) => moved));
  const stayedMs = sorted(found.flatMap(({ stayed }) => stayed));
  return {
    "taken over, ms": middle(sorted(found.map(({ takenOverMs }) => takenOverMs))),
    "moved stood still, ms": middle(movedMs),
    "at most": Math.round(movedMs.at(-1) ?? 0),
    "stayed is late by, ms": middle(stayedMs),
    "by at most": Math.round(stayedMs.at(-1) ?? 0),
  };
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function middle(values: readonly number[]): number {
  return Math.round(values[Math.floor(values.length / 2)] ?? 0);
}

async function measure(where: string, bootstrapServers: string): Promise<void> {
  await using party = await Party.open(bootstrapServers, `pauses-${Date.now()}`, 4);
  const all = new Map<string, Pauses[]>();
  const add = (what: string, pauses: Pauses) => all.set(what, [...(all.get(what) ?? []), pauses]);
  for (let round = 0; round < rounds; round++) {
    add("nothing happens", await party.quiet());
    await pause(calmMs);
    add("one of 5 joins", await party.join());
    await pause(calmMs);
    add("one of 5 leaves", await party.leave());
  }
  for (let round = 0; round < Math.ceil(rounds / 3); round++) {
    add("one of 5 is killed: since its session ended", await party.crash(crashSessionMs));
  }
  console.log(`\n${where}`);
  console.table(Object.fromEntries([...all].map(([what, found]) => [what, row(found)])));
}

const onRegroup = {
  "regroup, heartbeats wait": ["group.heartbeat.max.wait.ms=60000"],
  "regroup, heartbeats do not wait": ["group.heartbeat.max.wait.ms=0"],
};

const given = flags["bootstrap-server"];
if (given !== undefined) await measure(given, await givenServer(given));
else {
  for (const [where, configs] of Object.entries(onRegroup)) {
    const options = [...configs, "group.initial.rebalance.delay.ms=0"].flatMap((config) => ["-o", config]);
    const broker = await startBroker(["--ephemeral", ...options]);
    await measure(where, `127.0.0.1:${broker.port}`);
    broker.process.kill("SIGTERM");
    await once(broker.process, "exit");
  }
  await thousandMembers();
}
