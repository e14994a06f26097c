/** What each program of this folder is asked, and the lines by which it tells what happens; see README.md. */

export const options = JSON.parse(process.argv[2]!);

export function tell(event: string, more: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
}
