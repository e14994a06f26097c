/**
 * The rooms of `src/` and where their arrows may point (docs/architecture.md). Pure rooms run in the simulator and in a
 * browser, so they import neither Node nor packages.
 */
interface Room {
  readonly pure?: true;
  /** Rooms it may import; "room/file.ts" allows that file only. */
  readonly imports: readonly string[];
}

/** What the product is made of. */
const all = [
  "client",
  "server",
  "broker",
  "platform",
  "metadata",
  "group",
  "coordinator",
  "log",
  "assignment",
  "protocol",
];

export const rooms: Record<string, Room> = {
  protocol: { pure: true, imports: [] },
  assignment: { pure: true, imports: ["protocol"] },
  log: { pure: true, imports: ["protocol"] },
  platform: { imports: ["protocol", "log"] },
  coordinator: { pure: true, imports: ["protocol", "log/log.ts"] },
  group: { pure: true, imports: ["coordinator", "assignment", "protocol"] },
  transaction: { pure: true, imports: ["coordinator", "protocol"] },
  metadata: { pure: true, imports: ["coordinator", "protocol"] },
  broker: {
    pure: true,
    imports: ["metadata", "transaction", "group", "coordinator", "log", "assignment", "protocol"],
  },
  // Beside the broker, the server makes what it gives it: a log over real files, a clock, a configuration.
  server: { imports: ["broker", "platform", "metadata", "coordinator", "log", "protocol"] },
  "client/member": {
    pure: true,
    imports: ["assignment", "protocol", "client/topic-partition.ts", "client/backoff.ts"],
  },
  client: { imports: ["client/member", "protocol", "assignment", "platform"] },
  simulation: {
    pure: true,
    imports: [
      "client/member",
      "broker",
      "metadata",
      "group",
      "transaction",
      "coordinator",
      "log",
      "assignment",
      "protocol",
    ],
  },
  testing: {
    imports: ["server", "broker", "platform", "metadata", "group", "coordinator", "log", "protocol"],
  },
  cli: { imports: ["testing", "bench", "simulation", ...all] },
  bench: { imports: all },
};

/** @param path from the repository's root @returns a sentence for each import against the arrows */
export function againstTheArrows(path: string, source: string): string[] {
  const name = roomOf(path);
  if (path === "src/index.ts") return []; // what the npm package exports, from any room
  const room = rooms[name];
  if (!room) return [`${path}: there is no room "${name}"`];
  return importsOf(source)
    .filter((specifier) => !mayImport(name, room, path, specifier))
    .map((specifier) => `${path}: ${name} may not import "${specifier}"`);
}

function mayImport(name: string, room: Room, path: string, specifier: string): boolean {
  if (!specifier.startsWith(".")) return !room.pure;
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  if (!target.startsWith("src/")) return target === "package.json" && !room.pure;
  const targetRoom = roomOf(target);
  return targetRoom === name || room.imports.some((it) => it === targetRoom || `src/${it}` === target);
}

/** The room of a file, by its path from the root; of a room within a room the inner one. */
function roomOf(path: string): string {
  const [, outer = "", inner] = path.split("/");
  const within = `${outer}/${inner}`;
  return within in rooms ? within : outer;
}

function importsOf(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*/g, "");
  return [...code.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*["']([^"'\n]+)["']/g)].map((match) => match[1]!);
}
