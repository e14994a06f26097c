/** `regroup serve`: runs the broker until it is told to stop. */
import { basename } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { loadConfig, type Setting, settingsOfEnvironment } from "../broker/config-sources.ts";
import { parseProperties } from "../broker/properties.ts";
import { ConfigError } from "../metadata/config-def.ts";
import { exit } from "../server/exit.ts";
import { giveHeapRoom } from "../server/heap-growth.ts";
import { StartError } from "../server/listen.ts";
import { type LogOutput, openLogOutput } from "../server/logs.ts";
import { type RunningServer, serve } from "../server/serve.ts";
import { examples } from "./broker-command.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { readNamedFile } from "./read-file.ts";
import type { TestFlags } from "./serve-for-tests.ts";

interface ServeFlags extends TestFlags {
  readonly o?: string[];
  readonly config?: string;
  readonly ephemeral?: true;
  readonly logLevel: string;
}

/** SIGTERM to exit; what hangs longer is cut. */
const stopWithinMs = 2_000;

export function serveCommand(): Command {
  return new Command("serve")
    .description("Run the broker.")
    .option("-o <key=value>", "set a config, by Kafka's name; may stand more than once", collect)
    .option("--config <file>", "read configs from a file in the form of server.properties")
    .option("--ephemeral", "keep everything in memory and leave nothing behind")
    .addOption(
      new Option("--log-level <level>", "what is told").choices(["debug", "info", "warn", "error"]).default("info"),
    )
    .option("--control-port <port>", "with --ephemeral: drive the broker from tests, by HTTP", wholeNumber(0, 65_535))
    .addOption(new Option("--clock <clock>", "with --control-port: its time").choices(["real", "virtual"]))
    .option("--nodes <count>", "with --control-port: so many nodes for clients to see", wholeNumber(1, 100))
    .option("--seed <seed>", "with --control-port: decides the ids that the broker makes", wholeNumber(0, 999_999_999))
    .addHelpText(
      "after",
      examples(
        "regroup serve",
        "regroup serve -o num.partitions=6 -o log.dirs=/var/lib/regroup",
        "regroup serve --ephemeral -o listeners=PLAINTEXT://127.0.0.1:0",
        "regroup serve --ephemeral --control-port 9093 --clock virtual",
      ),
    )
    .action(run);
}

async function run(flags: ServeFlags): Promise<void> {
  let output: LogOutput | undefined;
  try {
    refuseFlags(flags);
    const settings = await settingsOf(flags);
    const { config, warnings } = loadConfig(settings);
    output = await openLogOutput(flags.logLevel);
    const { logger } = output;
    for (const warning of warnings) logger.warn({}, warning);
    const ephemeral = flags.ephemeral === true;
    if (flags.controlPort !== undefined) {
      const { serveForTests } = await import("./serve-for-tests.ts");
      return stopOnSignal(await serveForTests(testFlags(flags), settings, logger), output);
    }
    const server = await serve({ config, ephemeral, logger, onFailure: (error) => fail(error, output) });
    giveHeapRoom();
    stopOnSignal(server, output); // who reads the greeting may send one at once
    greet(server);
  } catch (error) {
    fail(error, output);
  }
}

function testFlags({ controlPort, clock, nodes, seed }: ServeFlags): TestFlags {
  return JSON.parse(JSON.stringify({ controlPort, clock, nodes, seed })); // without those that were not given
}

/** A broker that keeps its data is nothing that a test may crash. */
function refuseFlags(flags: ServeFlags): void {
  const { controlPort, clock, nodes, seed, ephemeral } = flags;
  const isForTests = controlPort !== undefined || clock !== undefined || nodes !== undefined || seed !== undefined;
  if (isForTests && ephemeral !== true) throw new UsageError("--control-port goes with --ephemeral only");
  if (isForTests && controlPort === undefined) throw new UsageError("--clock, --nodes, --seed go with --control-port");
}

/** Later ones win: environment, file, command line. */
async function settingsOf({ o, config }: ServeFlags): Promise<Setting[]> {
  const settings = settingsOfEnvironment(process.env);
  if (config !== undefined) {
    for (const { key, value, line } of parseProperties(await readNamedFile(config, "--config"))) {
      settings.push({ key, value, where: `in ${basename(config)}, line ${line}` });
    }
  }
  for (const text of o ?? []) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError(`-o ${text}: expected key=value`);
    settings.push({ key: text.slice(0, at).trim(), value: text.slice(at + 1), where: "given by -o" });
  }
  return settings;
}

function greet({ listeners, folder, broker }: RunningServer): void {
  const where = listeners.bound.map(({ name, host, port }) => `${name}://${bracketed(host)}:${port}`).join(", ");
  const { host, port } = broker.services.endpoint(listeners.bound[0]!.name);
  const at = `${bracketed(host)}:${port}`;
  process.stdout.write(
    `regroup listens on ${where}\n` +
      `${folder === undefined ? "Everything stays in memory." : `Its data lies in ${folder}`}\n` +
      "Try, in another terminal:\n" +
      `  npx regroup produce orders hello -b ${at}\n` +
      `  npx regroup consume orders --group billing --from-beginning -b ${at}\n` +
      "or with kcat:\n" +
      `  echo hello | kcat -b ${at} -P -t orders\n` +
      `  kcat -b ${at} -X auto.offset.reset=earliest -G billing orders\n`,
  );
}

/** An IPv6 address as it stands in front of a port. */
function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function stopOnSignal(server: Pick<RunningServer, "stop">, output: LogOutput): void {
  let isStopping = false;
  const stop = async (signal: string) => {
    if (isStopping) return leave(1, output);
    isStopping = true;
    setTimeout(() => leave(1, output), stopWithinMs).unref();
    output.logger.info({ signal }, "stopping");
    await server.stop();
    leave(0, output);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => stop(signal).catch((error) => fail(error, output)));
  }
}

function fail(error: unknown, output: LogOutput | undefined): void {
  const isUsage = error instanceof ConfigError || error instanceof UsageError;
  if (isUsage || error instanceof StartError) process.stderr.write(`regroup: ${error.message}\n`);
  else if (output !== undefined) output.logger.error({ err: error }, "the broker stops");
  else process.stderr.write(`regroup: ${(error as Error).stack}\n`);
  leave(isUsage ? exitCodes.usage : exitCodes.failed, output);
}

function leave(code: number, output: LogOutput | undefined): never {
  output?.flush();
  exit(code);
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number, from ${least} to ${most}.`);
  };
}
