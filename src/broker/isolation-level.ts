/** The isolation level of Fetch and ListOffsets: 0 reads all that is durable, 1 what is committed (KIP-98). */
export const readCommitted = 1;
