import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import type { Rebalance, WatchEvent } from "../../../src/cli/watch/watch-event.ts";
import { startServer } from "../../../src/server/start-server.ts";
import { isKafka, startTestBroker, unique } from "../../client/broker.ts";
import { reading, testClient } from "../../client/support/consumers.ts";
import { until } from "../../interop/support/until.ts";
import { member, type Running, regroup } from "./running.ts";

const bootstrapServers = await startTestBroker({ "group.min.session.timeout.ms": "1000" });
const client = testClient(bootstrapServers);
const folder = await mkdtemp(join(tmpdir(), "regroup-watch-"));
after(() => rm(folder, { recursive: true, force: true }));

const watch = (group: string, ...args: readonly string[]) =>
  regroup("groups", "watch", group, "-b", bootstrapServers, "--interval", "100", ...args);

const events = (text: string): WatchEvent[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

/** The first rebalance that is as wanted, among the events behind the first `from`. */
const rebalance = (running: Running, what: string, isWanted: (event: Rebalance) => boolean, from = 0) =>
  running.shows(what, (text) =>
    events(text)
      .slice(from)
      .find((event): event is Rebalance => event.type === "rebalance" && isWanted(event)),
  );

const has = (members: Rebalance["joined"], clientId: string) =>
  members.some(({ memberId }) => memberId.startsWith(clientId));
const codes = ({ reasons }: Rebalance) => reasons.map(({ code }) => code);
/** Only regroup's coordinator tells a crash from a good-bye. */
const gone = (how: "memberLeft" | "sessionExpired") => (isKafka ? "memberGone" : how);

suite("groups watch", () => {
  test("consumers join, crash and leave: the stream says so, and the recording keeps it", async () => {
    const topic = await client.topic(["a"], ["b"], ["c"], ["d"]);
    const group = unique("billing");
    const file = join(folder, "billing.jsonl");
    await using running = watch(group, "-o", "json", "--record", file);
    await running.shows("start", (text) => events(text).find(({ type }) => type === "watchStarted"));

    await using first = member(bootstrapServers, group, topic, "first");
    const joined = await rebalance(running, "first join", (event) => has(event.joined, "first"));
    assert.deepEqual([joined.source, joined.members, joined.moved.length], [isKafka ? "inferred" : "broker", 1, 4]);
    assert.ok(codes(joined).includes("memberJoined"));
    assert.ok(joined.joined[0]!.host.endsWith("127.0.0.1"), "the host is told without its slash");

    await using second = member(bootstrapServers, group, topic, "second");
    await rebalance(running, "second join", (event) => has(event.joined, "second"));
    const toSecond = ({ moved }: Rebalance) => moved.filter(({ to }) => to?.memberId.startsWith("second"));
    const shared = await rebalance(running, "share of the second", (event) => toSecond(event).length === 2);
    for (const { pause } of toSecond(shared)) assert.ok(pause!.atMostMs >= pause!.atLeastMs);

    await second.stop("SIGKILL");
    const crashed = await rebalance(running, "crash", (event) => has(event.left, "second"));
    assert.ok(codes(crashed).includes(gone("sessionExpired")), JSON.stringify(crashed.reasons));

    await first.stop("SIGTERM");
    const left = await rebalance(running, "good-bye", (event) => has(event.left, "first"));
    assert.ok(codes(left).includes(gone("memberLeft")), JSON.stringify(left.reasons));
    assert.equal(left.state, "Empty");

    assert.equal(await running.stop("SIGINT"), 0);
    assert.equal(events(running.stdout).at(-1)?.type, "watchEnded");
    assert.equal(await readFile(file, "utf8"), running.stdout);
    assert.match(running.stderr, /^\d+ rebalances, /m);

    await using all = regroup("groups", "history", file);
    assert.equal(await all.ended, 0);
    assert.match(all.stdout, /rebalance: .*first-/);
    assert.match(all.stderr, /^\d+ rebalances, /);
    await using crashes = regroup("groups", "history", file, "--reason", gone("sessionExpired"), "-o", "json");
    assert.equal(await crashes.ended, 0);
    assert.deepEqual(events(crashes.stdout)[0], crashed);
  });

  test("without a terminal there are lines, and it says so", async () => {
    await using running = watch(unique("nobody"));
    await running.shows("first line", (text) => /group nobody-\S+ does not exist yet/.exec(text) ?? undefined);
    assert.equal(await running.stop("SIGTERM"), 0);
    assert.match(running.stderr, /^stdout is no terminal: /);
    assert.match(running.stderr, /^no rebalance$/m);
  });

  test("a static member that comes back is no rebalance, and is told", async () => {
    const topic = await client.topic(["a"], ["b"]);
    const group = unique("billing");
    const config = { groupInstanceId: "billing-0", heartbeatIntervalMs: 50 };
    const first = client.consumer(group, config);
    await first.subscribe(topic);
    const { values } = reading(first);
    await until("both are read", () => values.length === 2);
    await using running = watch(group, "-o", "json");
    await running.shows("start", (text) => events(text).find(({ type }) => type === "watchStarted"));
    await first.close();
    await using again = client.consumer(group, config);
    await again.subscribe(topic);
    reading(again);
    const back = await running.shows("return", (text) =>
      events(text).find(({ type }) => type === "staticMemberReturned"),
    );
    assert.ok(back.type === "staticMemberReturned");
    assert.equal(back.groupInstanceId, "billing-0");
    assert.notEqual(back.oldMemberId, back.newMemberId);
    assert.equal(events(running.stdout).filter(({ type }) => type === "rebalance").length, 0);
  });

  test("while the cluster is away it is blind, says so, and goes on when it is back", async () => {
    const start = (port: string) =>
      startServer({ ephemeral: true, config: { listeners: `PLAINTEXT://127.0.0.1:${port}` } });
    const server = await start("0");
    const [, port = ""] = server.bootstrapServers.split(":");
    const interval = ["--interval", "100", "-X", "default.api.timeout.ms=500"];
    await using running = regroup("groups", "watch", "billing", "-b", `127.0.0.1:${port}`, ...interval, "-o", "json");
    await running.shows("start", (text) => events(text).find(({ type }) => type === "watchStarted"));
    await server.close();
    await running.shows("blindness", (text) => events(text).find(({ type }) => type === "looksFail"));
    const again = await start(port);
    const seen = await running.shows("sight", (text) => events(text).find(({ type }) => type === "looksGoOn"));
    assert.ok(seen.type === "looksGoOn" && seen.blindMs > 0);
    assert.equal(await running.stop("SIGINT"), 0);
    await again.close();
  });

  test("what cannot be done ends it with one line and a code", async () => {
    const cases: [args: string[], code: number, line: RegExp][] = [
      [["watch", "billing", "--interval", "1"], 2, /--interval <ms>' argument '1' is invalid\. Expected milliseconds/],
      [["watch", "billing", "-o", "yaml"], 2, /Allowed choices are table, json/],
      [
        ["watch", "billing", "-b", "127.0.0.1:1", "-X", "default.api.timeout.ms=100", "-X", "request.timeout.ms=100"],
        1,
        /^regroup: .*127\.0\.0\.1:1/m,
      ],
      [["watch", "billing", "-b", bootstrapServers, "--record", join(folder, "no", "such")], 1, /--record .*ENOENT/],
      [["history", join(folder, "none.jsonl")], 2, /there is no file .*none\.jsonl$/m],
    ];
    for (const [args, code, line] of cases) {
      await using running = regroup("groups", ...args);
      assert.equal(await running.ended, code, running.stderr);
      assert.match(running.stderr, line);
      assert.equal(running.stdout, "");
    }
  });
});

suite("groups history", () => {
  const line = (at: string, more: object) => `${JSON.stringify({ at, group: "billing", ...more })}\n`;
  const file = join(folder, "night.jsonl");

  test("a range of time is cut out, and lines that are damaged are named and passed over", async () => {
    const text =
      line("2026-11-21T02:00:00.000Z", { type: "groupAppeared" }) +
      line("2026-11-21T03:00:00.000Z", { type: "looksFail", error: "no broker answers" }) +
      line("2026-11-21T03:00:09.000Z", { type: "looksGoOn", blindMs: 9000 }) +
      '{"type":"rebal';
    await writeFile(file, text);
    await using running = regroup(
      "groups",
      "history",
      file,
      "--since",
      "2026-11-21T02:30Z",
      "--until",
      "2026-11-21T04:00Z",
    );
    assert.equal(await running.ended, 0, running.stderr);
    assert.match(running.stdout, /^\S+ \S+ {2}blind: no broker answers\n\S+ \S+ {2}sees again, after 9\.0 s [^\n]*\n$/);
    assert.match(running.stderr, /night\.jsonl, line 4: no event of groups watch\nno rebalance\nblind for 9\.0 s/);
  });

  test("what is no recording, or no time, is said", async () => {
    await writeFile(join(folder, "other.txt"), "hello\n");
    await using other = regroup("groups", "history", join(folder, "other.txt"));
    assert.equal(await other.ended, 1);
    assert.match(other.stderr, /holds no events of groups watch/);
    await using noTime = regroup("groups", "history", file, "--since", "tonight");
    assert.equal(await noTime.ended, 2);
    assert.match(noTime.stderr, /--since tonight: expected 03:00/);
  });
});
