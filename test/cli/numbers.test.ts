/** Numbers that cannot be are refused before a broker is asked. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { CommanderError } from "commander";
import { UsageError } from "../../src/cli/errors.ts";
import { program } from "../../src/cli/program.ts";

const partition = /expected an integer, from 0 to 2147483647$/;
const partitions = /expected an integer, from 1 to 2147483647$/;
const brokerId = /--broker-id 3000000000: expected an integer, from 0 to 2147483647$/;
const time = /expected 2026-01-31T08:00:00Z, milliseconds since 1970, or 10m, 2h, 7d ago$/;
const since1970 = /expected a time from 1970 on$/;

const refused: readonly (readonly [command: string, says: RegExp])[] = [
  ["topics create x -p 3000000000", partitions],
  ["topics create x -p -1", partitions],
  ["topics create x -p 1.5", partitions],
  ["topics create x -p NaN", partitions],
  ["topics create x --replication-factor 32768", /expected an integer, from 1 to 32767$/],
  ["topics create x --replicas 1:2147483648", partition],
  ["topics add-partitions x --to 3000000000", partitions],
  ["topics add-partitions x --by 0", partitions],
  ["produce x v -p 3000000000", partition],
  ["produce x v --timestamp 9999999999999999999", time],
  ["produce x v --timestamp 1969-12-31T23:59:59.999Z", since1970],
  ["produce x v --timestamp 99999d", since1970],
  ["consume x --from-time 1969-12-31T23:59:59.999Z", since1970],
  ["consume x --from-time now", time],
  ["consume x --partition 0-2147483648", /expected numbers of partitions/],
  ["consume x --partition 0-2147483647", /expected numbers of partitions/],
  ["consume x --last 99999999999999999999", /expected an integer, from 1 to 9007199254740991$/],
  ["consume x -n 0", /expected an integer, at least 1$/],
  ["groups describe g --fail-if-lag-over -1", /expected an integer, at least 0$/],
  ["groups reset-offsets g --topic x:3000000000 --to-earliest", /"3000000000" is no partition$/],
  ["groups reset-offsets g --topic x --to-datetime 1969-12-31T23:59:59.999", since1970],
  [
    "groups reset-offsets g --topic x --shift-by 1e3",
    /expected an integer, from -9007199254740991 to 9007199254740991$/,
  ],
  ["groups watch g --interval 3000000000", /Expected milliseconds, from 50 to 2147483647/],
  ["transactions producers x --broker-id 3000000000", brokerId],
  ["transactions find-hanging x --broker-id 3000000000", brokerId],
  ["transactions find-hanging x --longer-than 99999999999999d", /expected 90s, 10m, 2h or 7d$/],
  ["kafka-consumer-groups --list --timeout 3000000000", /expected an integer, from 1 to 2147483647$/],
  ["simulate --seeds 5..1", /Expected two numbers, the larger one last/],
  ["simulate --seed 99999999999999999999", /Expected a whole number, at most 9007199254740991/],
  ["simulate --jobs 0", /Expected a whole number, from 1 to 1024/],
  ["serve --ephemeral --control-port 65536", /Expected a whole number, from 0 to 65535/],
  ["serve --ephemeral --control-port 0 --nodes 0", /Expected a whole number, from 1 to 100/],
];

const quick = ["-X", "default.api.timeout.ms=1000", "-X", "request.timeout.ms=1000"];

test("a number that cannot be is refused, with what was expected, before anything is sent", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  let connections = 0;
  server.on("connection", (socket) => {
    connections++;
    socket.destroy();
  });
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.mock.method(process.stderr, "write", () => true);
  for (const [command, says] of refused) {
    const words = command.split(" ");
    const where = ["simulate", "serve"].includes(words[0]!) ? [] : ["--bootstrap-server", at];
    const patience = where.length === 0 || words[0] === "kafka-consumer-groups" ? [] : quick;
    const args = [...words, ...patience, ...where];
    const call = (await program("all")).parseAsync(args, { from: "user" });
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof UsageError || error instanceof CommanderError, `${command}: ${error}`);
      assert.match(error.message.split("\n")[0]!, says, command);
      return true;
    });
  }
  assert.equal(connections, 0);
});
