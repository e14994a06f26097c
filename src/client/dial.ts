/** From a host and port to a socket that is connected, by TLS where the configuration says so. */
import { readFile } from "node:fs/promises";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { Server } from "./bootstrap.ts";
import type { ClientConfig } from "./client-keys.ts";
import { AuthenticationError, ClientConfigError, NetworkError } from "./errors.ts";

/** Of a name with several addresses, the next is tried when one is silent for so long. */
const nextAddressAfterMs = 1000;

/** @throws {NetworkError | AuthenticationError | ClientConfigError} */
export async function dial(
  server: Server,
  config: ClientConfig,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Socket> {
  const secure = config.securityProtocol === "SSL" || config.securityProtocol === "SASL_SSL";
  const target = { ...server, noDelay: true, keepAlive: true, autoSelectFamilyAttemptTimeout: nextAddressAfterMs };
  // node:tls takes longer to load than a plain connection takes to make: only who uses it loads it.
  const socket = secure
    ? process.getBuiltinModule("node:tls").connect({
        ...(isIP(server.host) ? {} : { servername: server.host }),
        ...target,
        ...(await tlsOptions(config)),
      })
    : connectPlain(target);
  await ready(socket, secure ? "secureConnect" : "connect", server, timeoutMs, signal);
  return socket;
}

function ready(
  socket: Socket,
  event: "connect" | "secureConnect",
  server: Server,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      socket.destroy();
      reject(error);
    };
    const broken = (error: Error) => fail(errorOf(error, server));
    const ended = () => fail(new NetworkError(`${nameOf(server)} closed the connection at once`));
    const timer = setTimeout(
      () => fail(new NetworkError(`${nameOf(server)} did not answer within ${Math.round(timeoutMs)} ms`)),
      timeoutMs,
    );
    const aborted = () => fail(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) return aborted();
    socket.once("error", broken);
    socket.once("close", ended);
    socket.once(event, () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      socket.off("error", broken);
      socket.off("close", ended);
      resolve();
    });
  });
}

export function nameOf({ host, port }: Server): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function errorOf(error: Error & { readonly code?: string }, server: Server): Error {
  const code = error.code ?? "";
  const said = `${nameOf(server)}: ${error.message === "" ? code : error.message}`;
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return new AuthenticationError(said, {
      hint: "the port may speak plain text: see security.protocol",
      cause: error,
    });
  }
  if (/CERT|ERR_TLS|ERR_SSL|SIGNATURE|CHAIN/.test(code)) {
    return new AuthenticationError(said, { hint: "see ssl.truststore.certificates", cause: error });
  }
  return new NetworkError(said, error);
}

async function tlsOptions(config: ClientConfig): Promise<ConnectionOptions> {
  const trusted = config.sslTruststoreCertificates ?? (await fileOf(config.sslTruststoreLocation, "truststore"));
  const store = await fileOf(config.sslKeystoreLocation, "keystore");
  return {
    ...given("ca", trusted),
    ...given("key", config.sslKeystoreKey ?? store),
    ...given("cert", config.sslKeystoreCertificateChain ?? store),
    ...given("passphrase", config.sslKeyPassword),
    ...(config.sslEndpointIdentificationAlgorithm === "" ? { checkServerIdentity: () => undefined } : {}),
    ...config.tls,
  };
}

function given<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: string });
}

async function fileOf(path: string | undefined, store: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ClientConfigError(`ssl.${store}.location: ${(error as Error).message}`, "it names a file in PEM form");
  }
}
