/** The isolation level of Fetch and ListOffsets (KIP-98). */

/** All that is durable. */
const readUncommitted = 0;
/** What is committed, or of no transaction. */
export const readCommitted = 1;

/** For another level Kafka answers UNKNOWN_SERVER_ERROR. */
export function isIsolationLevel(level: number): boolean {
  return level === readUncommitted || level === readCommitted;
}
