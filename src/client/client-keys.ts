/**
 * Keys that producer, consumer and admin share. Names and defaults are those of the Java client of Kafka 4.3.1; keys
 * without a dot that Java lacks are this client's own.
 */
import type { ConnectionOptions } from "node:tls";
import { parseServers, type Server } from "./bootstrap.ts";
import {
  type ConfigInputOf,
  type ConfigOf,
  int,
  key,
  number,
  object,
  oneOf,
  optionalText,
  text,
} from "./config-key.ts";
import type { LoggerInput } from "./logger.ts";

export const securityProtocols = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
export const saslMechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

/** What OAUTHBEARER needs each time a connection is made or must authenticate again. */
export interface OAuthToken {
  readonly value: string;
  /** SASL extensions of KIP-342. */
  readonly extensions?: Readonly<Record<string, string>>;
}

export const clientKeys = {
  "bootstrap.servers": key<readonly Server[], string | readonly string[]>([], parseServers),
  "client.id": text(""),
  "metadata.max.age.ms": number(300_000),
  "metadata.recovery.strategy": oneOf(["rebootstrap", "none"], "rebootstrap"),
  "reconnect.backoff.ms": number(50),
  "reconnect.backoff.max.ms": number(1000),
  "retry.backoff.ms": number(100),
  "retry.backoff.max.ms": number(1000),
  "request.timeout.ms": int(30_000),
  "default.api.timeout.ms": int(60_000),
  "connections.max.idle.ms": number(540_000, -1),
  "socket.connection.setup.timeout.ms": number(10_000),
  "socket.connection.setup.timeout.max.ms": number(30_000),
  "security.protocol": oneOf(securityProtocols, "PLAINTEXT"),
  /** Java's default is GSSAPI, which this client does not speak: it must be named. */
  "sasl.mechanism": oneOf(saslMechanisms, undefined),
  /** As Java reads it, for PLAIN and SCRAM: `… required username="u" password="p";`. */
  "sasl.jaas.config": optionalText(),
  "sasl.username": optionalText(),
  "sasl.password": optionalText(),
  /** A token, or how to get one, for OAUTHBEARER. */
  "sasl.oauthbearer.token": key<
    (() => Promise<OAuthToken>) | undefined,
    string | (() => OAuthToken | Promise<OAuthToken>)
  >(undefined, (input) => {
    if (typeof input === "string") return async () => ({ value: input });
    if (typeof input !== "function") throw new TypeError("a token or a function that gets one");
    return async () => input();
  }),
  /** PEM text of the certificates that are trusted; without it, those that Node trusts. */
  "ssl.truststore.certificates": optionalText(),
  /** A PEM file of them. */
  "ssl.truststore.location": optionalText(),
  "ssl.truststore.type": oneOf(["PEM"], "PEM"),
  "ssl.keystore.type": oneOf(["PEM"], "PEM"),
  /** A PEM file of the client's key and certificates. */
  "ssl.keystore.location": optionalText(),
  "ssl.keystore.key": optionalText(),
  "ssl.keystore.certificate.chain": optionalText(),
  "ssl.key.password": optionalText(),
  /** Empty: the broker's certificate may name any host. */
  "ssl.endpoint.identification.algorithm": oneOf(["https", ""], "https"),
  /** Further options of Node's `tls.connect`, which win over those above. */
  tls: object<ConnectionOptions>(),
  logger: object<LoggerInput>(),
} as const;

export type ClientConfig = ConfigOf<typeof clientKeys>;
/** Keys of the Java client that producer, consumer and admin share, spelled `"client.id"` or `clientId`. */
export type ClientConfigInput = ConfigInputOf<typeof clientKeys>;
