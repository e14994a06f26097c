import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ConnectionFlags } from "../../src/cli/broker-command.ts";
import { clientSettings, type Environment } from "../../src/cli/client-settings.ts";
import { UsageError } from "../../src/cli/errors.ts";

const home = await mkdtemp(join(tmpdir(), "regroup-settings-"));
after(() => rm(home, { recursive: true }));
await mkdir(join(home, "regroup"));
const file = join(home, "client.properties");
await writeFile(join(home, "regroup", "prod.properties"), "client.id=profile\nclient.rack = a\ngroup.id=billing\n");
await writeFile(file, "# of ours\nclient.id=file\n");
await writeFile(join(home, "broken.properties"), "client.id=x\n\nboostrap.servers=y\n");

const inHome = { XDG_CONFIG_HOME: home };
const settings = (flags: ConnectionFlags, environment: Environment = {}, overrides = {}) =>
  clientSettings("admin", flags, overrides, { ...inHome, ...environment });
const refusal = (message: RegExp) => (error: unknown) => error instanceof UsageError && message.test(error.message);

test("options win over -X, -X over the environment, that over the file, and that over the profile", async () => {
  const environment = { REGROUP_CLIENT_ID: "environment" };
  const all = { X: ["client.id=x"], config: file, profile: "prod" };
  const idOf = async (flags: ConnectionFlags, variables = {}, overrides = {}) =>
    (await settings(flags, variables, overrides))["client.id"];
  assert.equal(await idOf({}), "regroup-cli");
  assert.equal(await idOf({ profile: "prod" }), "profile");
  assert.equal(await idOf({ config: file, profile: "prod" }), "file");
  assert.equal(await idOf({ config: file, profile: "prod" }, environment), "environment");
  assert.equal(await idOf(all, environment), "x");
  assert.equal(await idOf(all, environment, { "client.id": "option" }), "option");
});

test("--bootstrap-server is an option: it wins over bootstrap.servers anywhere else, in either spelling", async () => {
  const X = ["bootstrapServers=a:1", "bootstrap.servers=b:2"];
  assert.equal((await settings({ X }))["bootstrap.servers"], "b:2");
  assert.equal((await settings({ X, bootstrapServer: "c:3" }))["bootstrap.servers"], "c:3");
  assert.equal((await settings({}))["bootstrap.servers"], "127.0.0.1:9092");
});

test("REGROUP_PROFILE names a profile, and --profile wins over it", async () => {
  await writeFile(join(home, "regroup", "other.properties"), "client.id=other");
  assert.equal((await settings({}, { REGROUP_PROFILE: "prod" }))["client.id"], "profile");
  assert.equal((await settings({ profile: "other" }, { REGROUP_PROFILE: "prod" }))["client.id"], "other");
});

test("a key that nobody knows is refused with the nearest, and with its place", async () => {
  const broken = join(home, "broken.properties");
  await assert.rejects(
    settings({ config: broken }),
    refusal(/^boostrap\.servers: .*did you mean bootstrap\.servers\?\) \(in .*broken\.properties, line 3\)$/),
  );
  await assert.rejects(settings({ X: ["clientid=x"] }), refusal(/did you mean clientId\?\) \(given by -X\)$/));
  await assert.rejects(
    settings({}, { REGROUP_BOOTSTRAP_SERVER: "x:1" }),
    refusal(/^REGROUP_BOOTSTRAP_SERVER .*did you mean REGROUP_BOOTSTRAP_SERVERS\?/),
  );
});

test("a value that does not fit is refused with its place, and secrets are not shown", async () => {
  await assert.rejects(
    settings({}, { REGROUP_REQUEST_TIMEOUT_MS: "soon" }),
    refusal(/^request\.timeout\.ms: expected an integer.*"soon" \(in the environment as REGROUP_REQUEST_TIMEOUT_MS\)$/),
  );
  const unseen = refusal(/^sasl\.password: expected a text that is not empty; got the value given \(given by -X\)$/);
  await assert.rejects(settings({ X: ["sasl.password="] }), unseen);
});

test("what several commands share may hold keys of other clients and of the broker; -X may not", async () => {
  const shared = await settings({ profile: "prod" }, { REGROUP_LOG_DIRS: "/data", REGROUP_GROUP_ID: "billing" });
  assert.equal("group.id" in shared, false);
  assert.equal((await clientSettings("consumer", { profile: "prod" }, {}, inHome))["group.id"], "billing");
  await assert.rejects(settings({ X: ["group.id=billing"] }), refusal(/^group\.id given by -X: a key of the consumer/));
});

test("what is no setting at all is refused", async () => {
  await assert.rejects(settings({ X: ["client.id"] }), refusal(/^-X client\.id: expected key=value$/));
  await assert.rejects(settings({ config: "no-such-file" }), refusal(/there is no file no-such-file$/));
  await assert.rejects(settings({ profile: "test" }), refusal(/^profile test: there is no file .*test\.properties$/));
  await assert.rejects(settings({ profile: "../x" }), refusal(/expected the name of a profile, not a path$/));
  await assert.rejects(settings({ bootstrapServer: "host" }), refusal(/^bootstrap\.servers: expected/));
});
