/** What a group costs its broker while the heartbeats of all its members wait, and how soon all hear of a rebalance. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startServer } from "../../server/start-server.ts";
import type { Command, Report } from "./crowd-members.ts";

const members = 1000;
const idleMs = 30_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function kilobytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024;
}

/** The broker runs in this process, its clients in another. */
export async function thousandMembers(): Promise<void> {
  const config = { listeners: "PLAINTEXT://127.0.0.1:0", "group.initial.rebalance.delay.ms": "1000" };
  const server = await startServer({ ephemeral: true, config });
  const program = new URL("crowd-members.ts", import.meta.url);
  const clients = fork(program, [server.bootstrapServers, `${members}`], { execArgv: [] });
  const tell = async (command: Command): Promise<Report> => {
    clients.send(command);
    const [report] = await once(clients, "message");
    return report as Report;
  };

  const before = kilobytes();
  await tell("connect");
  const connected = kilobytes();
  await tell("enter");
  await pause(1000);
  const waiting = kilobytes();
  const cpu = process.cpuUsage();
  await pause(idleMs);
  const { user, system } = process.cpuUsage(cpu);
  const news = await tell("one more");

  console.log(`\nregroup, ${members} members whose heartbeats wait`);
  console.table({
    "memory for each connection, KB": round((connected - before) / members),
    "memory for each member that waits, KB": round((waiting - connected) / members),
    "CPU while nothing happens, of one core, %": round((user + system) / idleMs / 10),
    ...(news === "connected"
      ? {}
      : {
          "one more joins: half of them have heard of it, ms": round(news.heardMs),
          "all have heard of it, ms": round(news.allHeardMs),
          "all have their assignment, ms": round(news.stableMs),
        }),
  });
  clients.kill();
  await server.close();
}

function round(value: number): number {
  return Number(value.toPrecision(2));
}
