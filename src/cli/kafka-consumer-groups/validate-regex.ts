import { FailedError } from "../errors.ts";
import { writeOut } from "../stdout.ts";

/** The broker's regular expressions are RE2's (KIP-848). */
export async function validateRegex(regex: string): Promise<void> {
  const { RE2JS, RE2JSSyntaxException } = await import("re2js");
  try {
    RE2JS.compile(regex);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw new FailedError(`The regular expression \`${regex}\` is invalid: ${error.getDescription()}.`);
  }
  await writeOut(`The regular expression \`${regex}\` is valid.\n`);
}
