import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { brokerConfigKey, brokerConfigs } from "../../src/broker/broker-configs.ts";
import type { ConfigKey } from "../../src/metadata/config-def.ts";
import { topicConfigKey, topicConfigs } from "../../src/metadata/topic-configs.ts";
import { maxUnreadBytes } from "../../src/server/listen.ts";

const megabyte = 1024 * 1024;

const file = new URL("../../docs/configuration.md", import.meta.url);

const head = `# Configuration

Names, types and defaults are Kafka's, where a line does not say otherwise. They are given in the environment
(\`REGROUP_LOG_DIRS\` is \`log.dirs\`), in a file (\`--config server.properties\`) and on the command line
(\`-o log.dirs=/some/folder\`), the later going before the earlier. A key that is not listed here is warned about; a
value that is refused ends the start with its place and the reason.

This file is printed by a test from the tables in \`src/broker/broker-configs.ts\` and
\`src/metadata/topic-configs.ts\`: \`npm test -- config-docs --update\`.
`;

test("docs/configuration.md tells every key that the broker acts on", async () => {
  const text = [head, ...brokerSection(), ...topicSection()].join("\n");
  if (process.env.REGROUP_UPDATE === "1") await writeFile(file, text);
  assert.equal(await readFile(file, "utf8"), text, "npm test -- config-docs --update writes it anew");
});

function brokerSection(): string[] {
  const rows = Object.keys(brokerConfigs).map((name) => {
    const { key, dynamic } = brokerConfigKey(name)!;
    return row(name, key, dynamic ? "yes" : "");
  });
  return [
    "## The broker\n",
    "*Alterable*: while the broker runs, by IncrementalAlterConfigs, for this broker or for all.\n",
    "| key | type | default | alterable | |",
    "|---|---|---|---|---|",
    ...rows,
    "",
    `Not a config: all clients together may leave ${maxUnreadBytes / megabyte} MB of answers unread;\n` +
      "beyond them the client that has the most is closed.\n",
  ];
}

function topicSection(): string[] {
  const rows = Object.keys(topicConfigs).map((name) => {
    const { key, broker, settable } = topicConfigKey(name)!;
    return row(
      name,
      key,
      settable ? (broker ?? "") : name.startsWith("flush.") ? "see below" : "only the default is taken",
    );
  });
  return [
    "## Topics\n",
    "Where a topic sets none, the broker's config holds.\n",
    "| key | type | default | broker's config | |",
    "|---|---|---|---|---|",
    ...rows,
    "",
    "`flush.messages` and `flush.ms`: any value is taken while `log.flush.interval.messages` is 1, since then every\n" +
      "append is synced before it is acknowledged; otherwise only the default. A broker that is started with a\n" +
      "larger `log.flush.interval.messages` warns of each topic that set one before: it is not kept.\n",
  ];
}

function row(name: string, key: ConfigKey, note: string): string {
  const standard = key.default === null ? "" : `\`${key.default || "(empty)"}\``;
  return `| \`${name}\` | ${key.type} | ${standard} | ${note} | ${key.doc} |`;
}
