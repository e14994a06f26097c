/** RFC 5802 and 7677: neither side tells the other the password, and both prove that they know it. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { AuthenticationError } from "../errors.ts";
import type { Conversation } from "./authenticate.ts";
import type { Credentials } from "./credentials.ts";

const derive = promisify(pbkdf2);
/** "n,,": no channel binding, no other identity. */
const header = "n,,";
/** What RFC 5802 has as the least, and what no broker goes beyond: a count from the wire is work for us. */
const iterationLimits = { least: 4096, most: 1_000_000 } as const;

export async function* scram(
  hash: "sha256" | "sha512",
  { username, password }: Credentials,
  nonce = randomBytes(24).toString("base64url"),
): Conversation {
  const hmac = (key: Uint8Array, text: string | Uint8Array) => createHmac(hash, key).update(text).digest();
  const clientFirst = `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  const serverFirst = textOf(yield Buffer.from(header + clientFirst));
  const { r: bothNonces = "", s: salt = "", i: count = "" } = attributesOf(serverFirst);
  const iterations = Number(count);
  if (!bothNonces.startsWith(nonce) || bothNonces.length === nonce.length)
    throw refused("it does not answer this login");
  if (!(iterations >= iterationLimits.least && iterations <= iterationLimits.most)) {
    throw refused(`it asks for ${count} iterations`);
  }
  const size = hash === "sha256" ? 32 : 64;
  const salted = await derive(password, Buffer.from(salt, "base64"), iterations, size, hash);
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash(hash).update(clientKey).digest();
  const clientFinal = `c=${Buffer.from(header).toString("base64")},r=${bothNonces}`;
  const conversation = `${clientFirst},${serverFirst},${clientFinal}`;
  const signature = hmac(storedKey, conversation);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
  const serverFinal = textOf(yield Buffer.from(`${clientFinal},p=${proof.toString("base64")}`));
  const { v: verifier = "", e: error } = attributesOf(serverFinal);
  if (error !== undefined) throw refused(error);
  const expected = hmac(hmac(salted, "Server Key"), conversation);
  const shown = Buffer.from(verifier, "base64");
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected)) {
    throw refused("it does not know the password");
  }
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** `r=…,s=…,i=…`: names of one letter. */
function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(text.split(",").map((pair) => [pair.slice(0, 1), pair.slice(2)]));
}

function refused(why: string): AuthenticationError {
  return new AuthenticationError(`the broker's side of SCRAM is refused: ${why}`);
}
