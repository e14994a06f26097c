/** What becomes of a deleted partition's folder. */
import type { Engine } from "./engine.ts";

/** Short, since a topic's name may be as long as the name of a file. */
export const deletedPath = (folder: string, number: number) => `${folder}/${number}-delete`;

/** Gives the folder another name. Runs in the partition's lane. */
export async function moveAway(
  log: { readonly folder: string; readonly number: number },
  { disk, files, folder }: Engine,
): Promise<void> {
  await files.dropUnder(log.folder);
  if ((await disk.list(log.folder)).length === 0) return;
  const path = deletedPath(folder, log.number);
  await disk.remove(path); // it is there when a start comes to the same deletion again, with files that it made anew
  await disk.rename(log.folder, path);
  await files.dropUnder(log.folder); // a reader may have opened one meanwhile
  await disk.syncFolder(folder);
}
