/** Java's properties files, as far as server.properties uses them: comments, continued lines, escapes. */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** Of its first character, from 1 on. */
  readonly line: number;
}

export function parseProperties(text: string): Property[] {
  const properties: Property[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let logical = lines[at]!.trimStart();
    if (logical === "" || logical.startsWith("#") || logical.startsWith("!")) continue;
    while (endsContinued(logical) && at + 1 < lines.length) logical = logical.slice(0, -1) + lines[++at]!.trimStart();
    properties.push({ ...splitProperty(logical), line });
  }
  return properties;
}

function endsContinued(line: string): boolean {
  const backslashes = line.length - line.replace(/\\+$/, "").length;
  return backslashes % 2 === 1;
}

/** The key ends at the first "=", ":" or blank that no backslash escapes. */
function splitProperty(line: string): { key: string; value: string } {
  const [, key = "", value = ""] = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s.exec(line) ?? [];
  return { key: unescaped(key), value: unescaped(value).trimEnd() };
}

const escapes: Record<string, string> = { t: "\t", n: "\n", r: "\r", f: "\f" };

function unescaped(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})|\\(.)/gs, (_, hex: string | undefined, character: string) =>
    hex === undefined ? (escapes[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
