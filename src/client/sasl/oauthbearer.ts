/** RFC 7628, with the extensions of KIP-342. */
import type { ClientConfig } from "../client-keys.ts";
import { AuthenticationError, ClientConfigError } from "../errors.ts";
import type { Conversation } from "./authenticate.ts";

const separator = "\u0001";

export async function* oauthBearer({ saslOauthbearerToken }: ClientConfig): Conversation {
  if (saslOauthbearerToken === undefined) {
    throw new ClientConfigError("sasl.oauthbearer.token must be set: a token, or a function that gets one");
  }
  const { value, extensions = {} } = await saslOauthbearerToken();
  const pairs = [["auth", `Bearer ${value}`], ...Object.entries(extensions)];
  const said = pairs.map(([key, text]) => `${key}=${text}${separator}`).join("");
  const answer = yield Buffer.from(`n,,${separator}${said}${separator}`);
  if (answer.length === 0) return;
  // The broker tells in JSON why not, and wants that acknowledged before it says so by an error code.
  yield Buffer.from(separator);
  throw new AuthenticationError(`the token is refused: ${Buffer.from(answer).toString()}`);
}
