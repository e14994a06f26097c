/** kafkajs as its programs here use it: it outlives a broker that is away for a while. */
import { Kafka, logLevel } from "kafkajs";
import { options } from "./telling.ts";

export const kafka = new Kafka({
  brokers: [options.bootstrap],
  logLevel: logLevel.WARN,
  retry: { initialRetryTime: 100, retries: 50 },
});
