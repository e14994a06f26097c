const maxLength = 249;
const internalTopics: ReadonlySet<string> = new Set([
  "__consumer_offsets",
  "__transaction_state",
  "__share_group_state",
]);

/** The topic that holds the metadata log itself; clients never see it. */
export const metadataTopic = "__cluster_metadata";

export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name);
}

/** @returns why Kafka refuses the name, undefined when it does not. */
export function refuseTopicName(name: string): string | undefined {
  const problem = problemOf(name);
  return problem === undefined ? undefined : `Topic name is invalid: ${problem}`;
}

function problemOf(name: string): string | undefined {
  if (name === "") return "the empty string is not allowed";
  if (name === "." || name === "..") return `'${name}' is not allowed`;
  if (name.length > maxLength) return `the length of '${name}' is longer than the max allowed length ${maxLength}`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return undefined;
}

/** Names that differ only in dots and underscores would share a metric's name, and so are refused beside each other. */
export function collisionKey(name: string): string | undefined {
  return /[._]/.test(name) ? name.replaceAll(".", "_") : undefined;
}
