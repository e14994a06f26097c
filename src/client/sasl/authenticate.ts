/** A client proves who it is, on a connection that is good for nothing else yet (KIP-43, KIP-152, KIP-368). */
import { SaslAuthenticate } from "../../protocol/apis/sasl-authenticate.ts";
import { SaslHandshake } from "../../protocol/apis/sasl-handshake.ts";
import { ErrorCode, errorName } from "../../protocol/errors.ts";
import type { ClientConfig, SaslMechanism } from "../client-keys.ts";
import type { BrokerVersions } from "../cluster.ts";
import type { Connection } from "../connection.ts";
import { AuthenticationError, ClientConfigError } from "../errors.ts";
import type { Call } from "../wait.ts";
import { credentialsOf } from "./credentials.ts";
import { oauthBearer } from "./oauthbearer.ts";
import { scram } from "./scram.ts";

/**
 * The client's side of a mechanism: yields what to send, gets what the broker answered, and throws
 * {@link AuthenticationError} when the answer proves nothing.
 */
export type Conversation = AsyncGenerator<Uint8Array, void, Uint8Array>;

/** @returns milliseconds until the broker wants to be shown again who this is; 0 is never. */
export async function authenticate(
  connection: Connection,
  versions: BrokerVersions,
  config: ClientConfig,
  call: Call,
): Promise<number> {
  const mechanism = config.saslMechanism;
  if (mechanism === undefined) {
    throw new ClientConfigError(`security.protocol is ${config.securityProtocol}: sasl.mechanism must be set`);
  }
  const handshake = await connection.send(
    SaslHandshake,
    versions.versionOf(SaslHandshake, [1, 1]),
    { mechanism },
    call,
  );
  if (handshake.errorCode !== ErrorCode.NONE) {
    throw new AuthenticationError(`the broker refuses ${mechanism}: ${errorName(handshake.errorCode)}`, {
      hint: `it offers ${handshake.mechanisms.join(", ")}`,
    });
  }
  const version = versions.versionOf(SaslAuthenticate);
  const conversation = converse(mechanism, config);
  let sessionLifetimeMs = 0;
  for (let step = await conversation.next(); !step.done; ) {
    const answer = await connection.send(SaslAuthenticate, version, { authBytes: step.value }, call);
    if (answer.errorCode !== ErrorCode.NONE) {
      throw new AuthenticationError(answer.errorMessage ?? errorName(answer.errorCode), {
        hint: mechanism === "OAUTHBEARER" ? "check the token" : "check user name and password",
      });
    }
    sessionLifetimeMs = answer.sessionLifetimeMs;
    step = await conversation.next(answer.authBytes);
  }
  return sessionLifetimeMs;
}

function converse(mechanism: SaslMechanism, config: ClientConfig): Conversation {
  switch (mechanism) {
    case "PLAIN":
      return plain(config);
    case "SCRAM-SHA-256":
      return scram("sha256", credentialsOf(config));
    case "SCRAM-SHA-512":
      return scram("sha512", credentialsOf(config));
    case "OAUTHBEARER":
      return oauthBearer(config);
  }
}

/** RFC 4616. */
async function* plain(config: ClientConfig): Conversation {
  const { username, password } = credentialsOf(config);
  yield Buffer.from(`\0${username}\0${password}`);
}
