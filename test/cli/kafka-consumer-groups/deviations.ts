/**
 * Where our command differs from the captures, on purpose: docs/command-line-differences.md tells why. Whatever is not
 * here must be the same.
 */

/** What makes no sense is found before anything is done: exit code 2, nothing on stdout. */
export const usage: Readonly<Record<string, RegExp>> = {
  "list/007": /--state sleeping: expected one or more of .*PreparingRebalance/,
  "list/012": /--type share: expected one or more of Consumer,Classic/,
  "list/013": /--type simple: expected one or more of/,
  "list/016": /--group does not go with --list/,
  "describe/104": /--topic does not go with --describe/,
  "reset/035": /plan\.csv: has no column for the group, and 2 groups are to be reset/,
  "reset/036": /--from-file says itself which partitions/,
  "reset/039": /plan-broken\.csv, line 1: offset "fifty": expected a number/,
  "reset/041": /plan-empty\.csv: holds no offsets/,
  "reset/042": /--from-file: there is no file nosuch\.csv/,
  "reset/052": /Expected --topic or --all-topics/,
  "reset/053": /--topic may stand more than once/,
  "reset/055": /"x" is no partition/,
  "reset/056": /"0-2" is no partition/,
  "reset/063": /--to-offset abc: expected an integer/,
  "reset/077": /--to-datetime yesterday: expected a time/,
  "reset/078": /--to-datetime 1767229200000: expected a time/,
  "reset/083": /--by-duration -PT1H: expected a duration/,
  "reset/109": /to where\? Expected one of --to-earliest/,
  "reset/110": /Expected --topic or --all-topics/,
  "reset/111": /--reset-offsets: expected --group or --all-groups/,
  "reset/112": /--to-earliest, --to-latest: expected only one of them/,
  "reset/113": /--dry-run, --execute: expected only one of them/,
  "reset/114": /expected exactly one of --list/,
  "delete-offsets/008": /--all-topics does not go with --delete-offsets/,
  "delete-offsets/014": /--delete-offsets: expected --topic/,
  "delete-offsets/015": /--delete-offsets: expected --group, once/,
  "delete-offsets/016": /--delete-offsets: expected --group, once/,
  "delete/009": /--topic does not go with --delete/,
  "delete/011": /--delete: expected --group or --all-groups/,
  "regex/006": /expected exactly one of --list/,
  "errors/001": /expected exactly one of --list/,
  "errors/002": /expected --bootstrap-server/,
  "errors/003": /expected exactly one of --list/,
  "errors/004": /expected exactly one of --list/,
  "errors/005": /expected exactly one of --list/,
  "errors/006": /unknown option '--color'/,
  "errors/008": /unknown option '--des'/,
  "errors/009": /unknown option '-l'/,
  "errors/010": /too many arguments/,
  "errors/012": /option '--group <group>' argument missing/,
  "errors/013": /--describe: expected --group or --all-groups/,
  "errors/014": /--describe: expected --group or --all-groups/,
  "errors/015": /expected only one of --members, --offsets, --state/,
  "errors/016": /--describe: --state takes no value/,
  "errors/017": /--verbose does not go with --list/,
  "errors/018": /expected exactly one of --list/,
  "errors/019": /--type does not go with --describe/,
  "errors/024": /--bootstrap-server stands twice/,
  "errors/025": /--timeout soon: expected an integer/,
};

const noGroup = /group gone: GROUP_ID_NOT_FOUND/;
const busy = /group (billing|checkout) is Stable with \d members: its offsets can be reset when it has none/;

/** What could not be done: exit code 1, nothing on stdout, nothing changed. */
export const failed: Readonly<Record<string, RegExp>> = {
  "describe/041": noGroup,
  "describe/042": noGroup,
  "describe/043": noGroup,
  "describe/044": noGroup,
  "describe/045": noGroup,
  "describe/046": noGroup,
  "describe/047": noGroup,
  "describe/048": noGroup,
  "describe/101": /group billing,reports: GROUP_ID_NOT_FOUND/,
  "describe/103": /group : GROUP_ID_NOT_FOUND/,
  "reset/038": /nosuch/,
  "reset/054": /orders\/9: UNKNOWN_TOPIC_OR_PARTITION/,
  "reset/058": /nosuch.*UNKNOWN_TOPIC_OR_PARTITION/,
  "reset/059": /nosuch.*UNKNOWN_TOPIC_OR_PARTITION/,
  "reset/086": /group never-seen does not exist/,
  "reset/087": /group never-seen does not exist/,
  "reset/088": /group gone does not exist/,
  "reset/089": /group gone does not exist/,
  "reset/091": busy,
  "reset/092": busy,
  "reset/093": busy,
  "reset/094": busy,
  "reset/099": /group stuck is PreparingRebalance with 2 members/,
  "reset/100": /group stuck is PreparingRebalance with 2 members/,
  "delete-offsets/007": /nosuch.*UNKNOWN_TOPIC_OR_PARTITION/,
  "delete-offsets/012": noGroup,
  "delete/003": /group billing.*NON_EMPTY_GROUP/,
  "delete/005": noGroup,
  "regex/002": /`orders-\(` is invalid: missing closing \)\.$/m,
  "regex/003": /`\(\?!orders\)\.\*` is invalid: invalid or unsupported Perl syntax\.$/m,
  "regex/004": /`\(a\)\\1` is invalid: invalid escape sequence\.$/m,
};

/** As captured, but for the exit code: some of several groups could not be done, and that is a failure. */
export const partly: Readonly<Record<string, RegExp>> = {
  "reset/105": busy,
  "reset/106": busy,
  "reset/107": busy,
  "delete-offsets/006": /group reports, orders:9: UNKNOWN_TOPIC_OR_PARTITION/,
  "delete-offsets/009": /group billing, orders:0,1,2,3,4,5: GROUP_SUBSCRIBED_TO_TOPIC/,
  "delete/006": /group billing.*NON_EMPTY_GROUP|group gone.*GROUP_ID_NOT_FOUND/,
  "delete/007": noGroup,
  "delete/012": /group (billing|checkout|refunds).*NON_EMPTY_GROUP/,
};

interface Different {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: RegExp;
}

const resetRows = (rows: readonly string[]) => {
  const lines = rows.map((row) => {
    const [topic, partition, offset] = row.split(" ") as [string, string, string];
    return `reports         ${topic.padEnd(15)} ${partition.padEnd(10)} ${offset}\n`;
  });
  return `\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n${lines.join("")}`;
};
const sixty = ["orders 0 60", "orders 1 60", "orders 2 60", "orders 3 60", "orders 4 60", "orders 5 0"];
const lastTwenty = ["orders 0 100", "orders 1 90", "orders 2 80", "orders 3 70", "orders 4 60", "orders 5 0"];
const tooLate = /orders:5: no record is as late as that, the log end is taken/;

/** What the tool refuses, or does worse. None of these calls changes anything. */
export const different: Readonly<Record<string, Different>> = {
  "describe/100": {
    exitCode: 1,
    stdout: "as describe/033",
    stderr: /Consumer group 'reports' has no active members\.(?:.|\n)*group gone: GROUP_ID_NOT_FOUND/,
  },
  "reset/040": { exitCode: 0, stdout: resetRows(["orders 0 50"]), stderr: /^$/ },
  "reset/057": { exitCode: 0, stdout: resetRows(["orders 0 0", "orders 1 10"]), stderr: /^$/ },
  "reset/066": {
    exitCode: 1,
    stdout: resetRows(["orders 0 31", "orders 1 10", "orders 2 100", "orders 3 51", "orders 4 80"]),
    stderr: /group reports, orders:5: nothing is committed, so there is nothing to shift/,
  },
  "reset/072": { exitCode: 0, stdout: resetRows(sixty), stderr: tooLate },
  "reset/073": { exitCode: 0, stdout: "as reset/075", stderr: tooLate },
  "reset/074": { exitCode: 0, stdout: resetRows(sixty), stderr: tooLate },
  "reset/084": { exitCode: 0, stdout: resetRows(lastTwenty), stderr: tooLate },
  "reset/085": { exitCode: 0, stdout: resetRows(lastTwenty), stderr: tooLate },
  "delete-offsets/017": {
    exitCode: 0,
    stdout: `
TOPIC           PARTITION  STATUS         
payments        0          Dry run        
payments        1          Dry run        
payments        2          Dry run        
`,
    stderr: /^$/,
  },
  "delete/010": {
    exitCode: 0,
    stdout: "Dry run: these consumer groups would be deleted: 'archive'\n",
    stderr: /^$/,
  },
};
