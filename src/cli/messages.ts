/** What a command says besides its data: on stderr, so that data can be piped. */

/** For a person: a warning, progress, what was done. */
export function say(message: string): void {
  if (held === undefined) process.stderr.write(`${message}\n`);
  else held.push(message);
}

let held: string[] | undefined;

/** While a screen is shown they would stand in the middle of it. @returns says what was held back, and holds no more */
export function holdMessages(): () => void {
  const messages: string[] = [];
  held = messages;
  return () => {
    held = undefined;
    for (const message of messages) say(message);
  };
}

/** The same with the program's name, as errors and warnings have it. */
export function warn(message: string): void {
  say(`regroup: ${message}`);
}
