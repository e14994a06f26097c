/** What is left of a deleted partition. Its name is short, since a topic's may be as long as that of a file. */

export const deletedPath = (folder: string, number: number) => `${folder}/${number}-delete`;

/** @param names in the folder of all partitions. @returns numbers of partitions of which something is left. */
export function deletedNumbers(names: readonly string[]): number[] {
  return names.flatMap((name) => /^(\d+)-delete\/$/.exec(name)?.[1] ?? []).map(Number);
}
