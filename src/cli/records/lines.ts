/** Lines of a stream as they come: those that are there together are given together. */
import { StringDecoder } from "node:string_decoder";

/** Ends are \n or \r\n; a last line without one counts. */
export async function* lineChunks(input: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of input) {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split("\n");
    rest = lines.pop()!;
    if (lines.length > 0) yield lines.map(withoutReturn);
  }
  rest += decoder.end();
  if (rest !== "") yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
