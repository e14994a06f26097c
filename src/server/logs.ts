/** Log output by pino: for people on a terminal, JSON elsewhere. On stderr: stdout belongs to what a command says. */
import pino from "pino";
import type { Logger } from "../broker/context.ts";

export interface LogOutput {
  readonly logger: Logger;
  flush(): void;
}

export async function openLogOutput(level: string): Promise<LogOutput> {
  const stream = process.stderr.isTTY ? await prettyStream() : pino.destination({ fd: 2, sync: false, minLength: 0 });
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    logger,
    flush: () => {
      if ("flushSync" in stream) stream.flushSync();
    },
  };
}

/** What a rebalance's sentence tells already; in JSON it stands beside it. */
const toldInWords = [
  ...["group", "reason", "fromGeneration", "toGeneration", "protocolType", "assignor", "leader"],
  ...["members", "joined", "left", "movedPartitions", "durationMs"],
];

async function prettyStream() {
  const { default: pretty } = await import("pino-pretty");
  const ignore = ["pid", "hostname", ...toldInWords].join(",");
  return pretty({ destination: 2, sync: true, translateTime: "SYS:HH:MM:ss.l", ignore, singleLine: true });
}
