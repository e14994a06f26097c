/** `regroup serve --ephemeral --control-port …`: the broker of regroup/testing, for tests in other languages. */
import type { Setting } from "../broker/config-sources.ts";
import type { Logger } from "../broker/context.ts";
import { StartError } from "../server/listen.ts";
import { ControlPort, startBroker } from "../testing/index.ts";
import { UsageError } from "./errors.ts";

export interface TestFlags {
  readonly controlPort?: number;
  readonly clock?: "real" | "virtual";
  readonly nodes?: number;
  readonly seed?: number;
}

/** Clients of other processes need so long to answer before virtual time goes on. */
const quietMs = 20;
const standardPort = 9092;

/** @throws {StartError} {@link ConfigError} */
export async function serveForTests({ controlPort = 0, ...flags }: TestFlags, settings: Setting[], logger: Logger) {
  const config = Object.fromEntries(settings.map(({ key, value }) => [key, value]));
  const { listeners, ...others } = config;
  const kafka = await startBroker({ ...flags, port: portOf(listeners), config: others, quietMs, logger });
  try {
    const control = await ControlPort.open(kafka, controlPort);
    process.stdout.write(
      `regroup listens on PLAINTEXT://${kafka.bootstrapServers}\n` +
        "Everything stays in memory, for tests.\n" +
        `Its control port is http://127.0.0.1:${control.port}\n` +
        `Try:\n  curl http://127.0.0.1:${control.port}/\n`,
    );
    const stop = async () => {
      await control.close();
      await kafka.close();
    };
    return { stop };
  } catch (error) {
    await kafka.close();
    throw new StartError(`--control-port ${controlPort}: ${(error as Error).message}`);
  }
}

/** A broker that a test may crash belongs to the test's machine only. */
function portOf(listeners: string | undefined): number {
  if (listeners === undefined) return standardPort;
  const port = /^PLAINTEXT:\/\/(?:127\.0\.0\.1|localhost):(\d+)$/.exec(listeners)?.[1];
  if (port !== undefined) return Number(port);
  throw new UsageError(`listeners: ${listeners}: with --control-port it is PLAINTEXT://127.0.0.1:PORT`);
}
