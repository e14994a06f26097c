/** What a command says besides its data: on stderr, so that data can be piped. */

/** For a person: a warning, progress, what was done. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** The same with the program's name, as errors and warnings have it. */
export function warn(message: string): void {
  say(`regroup: ${message}`);
}
