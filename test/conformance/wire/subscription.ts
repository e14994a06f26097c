import { encode } from "./codec.ts";
import { message } from "./schemas.ts";

/** A subscription as consumers write it, version 1: to topics parted by commas. */
export function subscription(topics: string): Buffer {
  const version = Buffer.of(0, 1);
  const list = topics === "" ? [] : topics.split(",");
  return Buffer.concat([version, encode(message("ConsumerProtocolSubscription"), 1, { topics: list, userData: null })]);
}
