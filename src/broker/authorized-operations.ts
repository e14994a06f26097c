/** What a client may do, as bits of Kafka's AclOperation codes: everything, since there is no authorizer. */
const aclOperations = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
} as const;

function bitsOf(...operations: (keyof typeof aclOperations)[]): number {
  return operations.reduce((bits, operation) => bits | (1 << aclOperations[operation]), 0);
}

export const topicOperations = bitsOf(
  "READ",
  "WRITE",
  "CREATE",
  "DELETE",
  "ALTER",
  "DESCRIBE",
  "DESCRIBE_CONFIGS",
  "ALTER_CONFIGS",
);

export const clusterOperations = bitsOf(
  "CREATE",
  "ALTER",
  "DESCRIBE",
  "CLUSTER_ACTION",
  "DESCRIBE_CONFIGS",
  "ALTER_CONFIGS",
  "IDEMPOTENT_WRITE",
);

export const groupOperations = bitsOf("READ", "DELETE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS");

/** The client did not ask which operations it may do. */
export const operationsNotAsked = -2_147_483_648;
