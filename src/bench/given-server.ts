/** The broker that a benchmark is told to measure. */
import { once } from "node:events";
import { connect } from "node:net";
import { parseServers } from "../client/bootstrap.ts";
import { refuse } from "./flags.ts";

/**
 * Clients wait for a broker that is not there. Whoever measures is told at once.
 * @param text of --bootstrap-server. @returns it. Ends the program where it is no host:port, or nobody listens there.
 */
export async function givenServer(text: string): Promise<string> {
  let first: { readonly host: string; readonly port: number } | undefined;
  try {
    [first] = parseServers(text);
  } catch (error) {
    refuse(`--bootstrap-server ${text}: expected ${(error as Error).message}`);
  }
  const socket = connect(first!);
  await once(socket, "connect").catch(({ message, code }: NodeJS.ErrnoException) => {
    process.stderr.write(`bench: ${message || `connect ${code} ${text}`}\n`); // of several addresses it has no message
    process.exit(1);
  });
  socket.destroy();
  return text;
}
