/**
 * A lock file against a second process on one data folder. Node has no flock, so the file tells whose it is: process
 * id, start of that process and boot of the machine (where /proc tells them), so that a lock left by a crash does not
 * count when another process, or the same one in a new container, has the id now.
 */
import { link, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { LogError } from "../log/log.ts";

/** Folders that this process has locked. */
const lockedHere = new Set<string>();
let attempts = 0;

export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const real = await realpath(folder);
  if (lockedHere.has(real)) throw inUse(folder, `this process (${process.pid})`);
  lockedHere.add(real);
  const path = `${real}/.lock`;
  const own = await ownerLine(process.pid);
  const draft = `${path}.${process.pid}.${attempts++}`;
  try {
    await writeFile(draft, own);
    await take(path, draft, folder);
  } catch (error) {
    lockedHere.delete(real);
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    lockedHere.delete(real);
    if ((await read(path)) === own) await rm(path, { force: true });
  };
}

/** `link` makes the name or fails, in one step, and the file is complete from the first moment on. */
async function take(path: string, draft: string, folder: string): Promise<void> {
  for (;;) {
    try {
      return await link(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = await read(path);
    if (owner === undefined) continue; // given free meanwhile
    if (await isAlive(owner)) throw inUse(folder, `process ${owner.split(" ")[0]}`);
    await removeStale(path, owner, draft);
  }
}

/** Two may find the lock stale at once: only who moves that very file away may go on; a fresh one is put back. */
async function removeStale(path: string, owner: string, draft: string): Promise<void> {
  const aside = `${draft}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await read(aside)) !== owner) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isAlive(owner: string): Promise<boolean> {
  const pid = Number(owner.split(" ")[0]);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false; // this process would know
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return (await ownerLine(pid)) === owner;
}

/** The process id, then what tells it from another process with the same id; "-" where the system does not say. */
async function ownerLine(pid: number): Promise<string> {
  const stat = await readProc(`/proc/${pid}/stat`);
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  if (state === "Z" || state === "X") return ""; // killed, and its parent has not looked yet: it holds nothing
  const startTime = fields[18] ?? "-";
  const boot = (await readProc("/proc/sys/kernel/random/boot_id"))?.trim() ?? "-";
  return `${pid} ${startTime} ${boot}\n`;
}

async function read(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** What the system tells of a process or of itself, where it does. */
async function readProc(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined); // gone, hidden, or no Linux
}

function inUse(folder: string, by: string): LogError {
  return new LogError("locked", `${folder} is in use by ${by}: a folder serves one broker at a time`);
}
