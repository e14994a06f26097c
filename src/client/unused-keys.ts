/**
 * Keys of the Java client that may stand in a properties file that is used here too, and that change nothing but speed
 * or Java's own affairs. They are told in the log. Keys that would change what happens are refused as unknown.
 */
export const unusedKeys: ReadonlySet<string> = new Set([
  "auto.include.jmx.reporter",
  "client.dns.lookup",
  "compression.gzip.level",
  "compression.lz4.level",
  "compression.zstd.level",
  "enable.metrics.push",
  // Bootstrap servers are asked as soon as no known broker answers.
  "metadata.recovery.rebootstrap.trigger.ms",
  "metric.reporters",
  "metrics.num.samples",
  "metrics.recording.level",
  "metrics.sample.window.ms",
  "partitioner.adaptive.partitioning.enable",
  "partitioner.availability.timeout.ms",
  "receive.buffer.bytes",
  "send.buffer.bytes",
  "security.providers",
  "ssl.keymanager.algorithm",
  "ssl.provider",
  "ssl.secure.random.implementation",
  "ssl.trustmanager.algorithm",
]);
