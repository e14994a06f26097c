import { array, int64, type MessageOf, string } from "../schema.ts";
import { coordinatorRecord } from "./record.ts";

/** The topics that a subscribed regular expression stands for (KIP-848). */
export const ConsumerGroupRegularExpression = coordinatorRecord(16, "ConsumerGroupRegularExpression", {
  key: {
    groupId: string,
    regularExpression: string,
  },
  value: {
    versions: [0, 0],
    flexible: 0,
    fields: {
      topics: array(string),
      version: int64,
      timestamp: int64,
    },
  },
});

export type ConsumerGroupRegularExpressionKey = MessageOf<typeof ConsumerGroupRegularExpression.key>;
export type ConsumerGroupRegularExpressionValue = MessageOf<typeof ConsumerGroupRegularExpression.value>;
