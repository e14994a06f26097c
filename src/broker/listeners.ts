/** Where the broker listens and what it tells clients to connect to: `listeners`, `advertised.listeners`. */
import { ConfigError } from "../metadata/config-def.ts";
import type { BrokerConfig } from "./config.ts";
import type { Endpoint } from "./context.ts";

export interface Listener extends Endpoint {
  readonly name: string;
}

const form = /^([A-Za-z0-9_.-]+):\/\/(\[[0-9A-Fa-f:.%]+\]|[^:/[\]]*):(\d{1,5})$/;

/** Every listener that the broker is to open. An empty host is all interfaces. @throws {ConfigError} */
export function listenersOf(config: BrokerConfig): Listener[] {
  const listeners = config.get("listeners").map((text) => parseListener("listeners", text));
  const names = listeners.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new ConfigError(`listeners: ${twice} stands there twice, each name may stand once`);
  if (listeners.length === 0) throw new ConfigError("listeners: expected at least one NAME://HOST:PORT");
  const protocols = new Map(config.get("listener.security.protocol.map").map(splitProtocol));
  for (const name of names) {
    const protocol = protocols.get(name) ?? name;
    if (protocol !== "PLAINTEXT") {
      throw new ConfigError(
        `listeners: ${name} is a listener of ${protocol}, only PLAINTEXT is served ` +
          `(name it PLAINTEXT, or set listener.security.protocol.map=${name}:PLAINTEXT)`,
      );
    }
  }
  return listeners;
}

/** What clients of each listener are told; a listener that is not named there is told as it is bound. */
export function advertisedListenersOf(config: BrokerConfig): Listener[] {
  const names = listenersOf(config).map(({ name }) => name);
  return (config.get("advertised.listeners") ?? []).map((text) => {
    const listener = parseListener("advertised.listeners", text);
    if (names.includes(listener.name)) return listener;
    const quoted = JSON.stringify(text);
    throw new ConfigError(`advertised.listeners: ${quoted}: expected one of the listeners ${names.join(", ")}`);
  });
}

/** @throws {ConfigError} */
export function parseListener(key: string, text: string): Listener {
  const [, name, host, port] = form.exec(text) ?? [];
  if (name === undefined || host === undefined || Number(port) > 65_535) {
    throw new ConfigError(`${key}: ${JSON.stringify(text)}: expected NAME://HOST:PORT`);
  }
  return { name: name.toUpperCase(), host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

function splitProtocol(entry: string): [name: string, protocol: string] {
  const [name = "", protocol = ""] = entry.split(":");
  return [name.trim().toUpperCase(), protocol.trim().toUpperCase()];
}
