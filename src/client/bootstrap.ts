/** host:port, as lists of servers name them. */
export interface Server {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads "a:9092,b:9092", an array of such, and IPv6 as "[::1]:9092".
 * @throws {TypeError} whose message is what was expected.
 */
export function parseServers(input: unknown): Server[] {
  const entries = typeof input === "string" ? input.split(",") : input;
  if (!Array.isArray(entries)) throw new TypeError("host:port, or several");
  return entries.map((entry) => {
    const match = /^(?:\w+:\/\/)?(?:\[([^\]]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(String(entry).trim());
    const port = Number(match?.[3]);
    if (match === null || port > 65_535) throw new TypeError(`host:port, or several; "${entry}" is not one`);
    return { host: match[1] ?? match[2]!, port };
  });
}
