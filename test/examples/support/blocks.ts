/**
 * The console blocks of a README, in their order. A block is a look at one terminal, whose name stands behind `console`
 * (none for the one where commands end): what is typed there begins with `$ `, `^C` is the key, all else is printed.
 */
export interface Step {
  readonly terminal: string;
  /** Where it stands in the README, for the message of a failed test. */
  readonly line: number;
  readonly typed: { readonly command: string } | "^C" | undefined;
  /** What is printed then, in any order. */
  readonly printed: readonly string[];
  /** A line `…` says that more is printed than what stands there. */
  readonly isCut: boolean;
}

export function stepsOf(readme: string): Step[] {
  const steps: Step[] = [];
  let terminal: string | undefined;
  for (const [index, text] of readme.split("\n").entries()) {
    if (text.startsWith("```")) {
      terminal = /^```console ?(.*)$/.exec(text)?.[1];
      if (terminal !== undefined) steps.push(step(terminal, index + 2, undefined));
    } else if (terminal !== undefined) {
      addLine(steps, terminal, text, index + 1);
    }
  }
  return steps.filter(({ typed, printed }) => typed !== undefined || printed.length > 0);
}

function addLine(steps: Step[], terminal: string, text: string, line: number): void {
  if (text.startsWith("$ ")) steps.push(step(terminal, line, { command: text.slice(2) }));
  else if (text === "^C") steps.push(step(terminal, line, "^C"));
  else if (text.trim() !== "") {
    const last = steps.pop()!;
    steps.push(text === "…" ? { ...last, isCut: true } : { ...last, printed: [...last.printed, text] });
  }
}

function step(terminal: string, line: number, typed: Step["typed"]): Step {
  return { terminal, line, typed, printed: [], isCut: false };
}
