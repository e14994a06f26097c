/** User name and password, from keys of their own or from Java's. */
import type { ClientConfig } from "../client-keys.ts";
import { ClientConfigError } from "../errors.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export function credentialsOf({ saslUsername, saslPassword, saslJaasConfig }: ClientConfig): Credentials {
  const username = saslUsername ?? option(saslJaasConfig, "username");
  const password = saslPassword ?? option(saslJaasConfig, "password");
  if (username === undefined || password === undefined) {
    throw new ClientConfigError("sasl.username and sasl.password must be set, or sasl.jaas.config with both");
  }
  return { username, password };
}

/** `… required username="u" password="p";`, where a quoted value may hold \" and \\. */
function option(jaas: string | undefined, name: string): string | undefined {
  const match = new RegExp(`\\b${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`).exec(jaas ?? "");
  return match?.[1]?.replaceAll(/\\(.)/g, "$1") ?? match?.[2];
}
