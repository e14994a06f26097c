/** Opens the clients of src/client for one command, and closes them when it ends. Each loads no more than it needs. */
import type { Admin } from "../client/admin/admin.ts";
import type { Kafka } from "../client/kafka.ts";
import type { StructuredLogger } from "../client/logger.ts";
import type { ConnectionFlags, DataFlags } from "./broker-command.ts";
import { say, warn } from "./messages.ts";
import { Output } from "./output/output.ts";
import { unlessInterrupted } from "./signals.ts";

export interface AdminContext {
  readonly admin: Admin;
  readonly output: Output;
}

/** Any keys of the client, by their names with dots. */
export type Overrides = Readonly<Record<string, unknown>>;

/** Runs until the work is done or a signal comes. @throws what the work throws, {UsageError}, {Interrupted}. */
export async function withAdmin<T>(
  flags: DataFlags,
  work: (context: AdminContext) => Promise<T>,
  overrides: Overrides = {},
): Promise<T> {
  const admin = await openAdmin(flags, overrides);
  try {
    return await unlessInterrupted(work({ admin, output: new Output(flags.output) }));
  } finally {
    await admin.close();
  }
}

/** Without producer and consumer, which take longer to load than to use. The caller closes it. */
export async function openAdmin(flags: ConnectionFlags, overrides: Overrides = {}): Promise<Admin> {
  const [{ Admin }, { openCluster }, { readConfig }, { clientSettings }] = await Promise.all([
    import("../client/admin/admin.ts"),
    import("../client/open-cluster.ts"),
    import("../client/config.ts"),
    import("./client-settings.ts"),
  ]);
  const settings = await clientSettings("admin", flags, overrides);
  const config = readConfig("admin", { ...settings, logger: loggerOf(flags) }, warnUnused);
  return new Admin(openCluster(config));
}

/** What `kafka.consumer(settings)` or `kafka.producer(settings)` takes. */
export async function clientOf(
  kind: "consumer" | "producer",
  flags: ConnectionFlags,
  overrides: Overrides = {},
): Promise<{ readonly kafka: Kafka; readonly settings: Record<string, unknown> }> {
  const [{ Kafka }, { clientSettings }] = await Promise.all([
    import("../client/kafka.ts"),
    import("./client-settings.ts"),
  ]);
  const settings = await clientSettings(kind, flags, overrides);
  return { kafka: new Kafka({ logger: loggerOf(flags) }), settings };
}

function warnUnused(key: string): void {
  warn(`${key}: a key of the Java client that has no effect here`);
}

/** Warnings and errors, each once; with --verbose all there is. */
function loggerOf({ verbose = false }: ConnectionFlags): StructuredLogger {
  if (verbose) {
    const tell = (fields: object, message: string) => say(`${message}${textOf(fields)}`);
    return { debug: tell, info: tell, warn: tell, error: tell };
  }
  const told = new Set<string>();
  const tell = (fields: object, message: string) => {
    const { reason = "", key = "", err } = fields as { reason?: string; key?: string; err?: Error };
    const line = [message, reason || key || err?.message].filter(Boolean).join(": ");
    if (!told.has(line)) warn(line);
    told.add(line);
  };
  return { debug() {}, info() {}, warn: tell, error: tell };
}

function textOf(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${value instanceof Error ? value.message : JSON.stringify(value)}`)
    .join("");
}
