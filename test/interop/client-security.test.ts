/**
 * The client against listeners with TLS and SASL. Always Apache Kafka by the kit: regroup's broker has no such
 * listeners.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { pbkdf2Sync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import type { ClientConfigInput, SaslMechanism } from "../../src/client/client-keys.ts";
import { readConfig } from "../../src/client/config.ts";
import { NetworkError } from "../../src/client/errors.ts";
import { Kafka } from "../../src/client/kafka.ts";
import { openCluster } from "../../src/client/open-cluster.ts";
import { AlterUserScramCredentials } from "../../src/protocol/apis/alter-user-scram-credentials.ts";
import { kit } from "./support/broker.ts";
import { until } from "./support/until.ts";

const run = promisify(execFile);
const javaSecurity = "org.apache.kafka.common.security";
const alice = { saslUsername: "alice", saslPassword: "secret, with = and blanks" };
const bob = { saslUsername: "b=o,b", saslPassword: "pä ss" };
/** Sessions end soon, so that the client has to show again who it is (KIP-368). */
const sessionMs = 2000;

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** What each listener with SASL needs, by the mechanisms that Java has. */
function saslConfigs(listener: string): string[] {
  const { username, password } = { username: alice.saslUsername, password: alice.saslPassword };
  const jaas = (mechanism: string, module: string, options: string) =>
    `listener.name.${listener}.${mechanism}.sasl.jaas.config=${javaSecurity}.${module} required${options};`;
  const broker = ` username="admin" password="admin" user_admin="admin" user_${username}="${password}"`;
  return [
    jaas("plain", "plain.PlainLoginModule", broker),
    jaas("scram-sha-256", "scram.ScramLoginModule", ""),
    jaas("scram-sha-512", "scram.ScramLoginModule", ""),
    jaas("oauthbearer", "oauthbearer.OAuthBearerLoginModule", ' unsecuredLoginStringClaim_sub="broker"'),
    `listener.name.${listener}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER`,
    `listener.name.${listener}.connections.max.reauth.ms=${sessionMs}`,
  ];
}

/** A token as Kafka takes it where no issuer is configured: without a signature. */
function unsecuredToken(subject: string, lifeSeconds: number): string {
  const encoded = (claims: object) => Buffer.from(JSON.stringify(claims)).toString("base64url");
  const nowSeconds = Math.floor(Date.now() / 1000);
  return `${encoded({ alg: "none" })}.${encoded({ sub: subject, iat: nowSeconds, exp: nowSeconds + lifeSeconds })}.`;
}

suite("the client at Kafka's secured listeners", () => {
  let dir: string;
  let certificate: string;
  let ports: number[];
  const at = (index: number) => `127.0.0.1:${ports[index]}`;
  const sasl = (mechanism: SaslMechanism): ClientConfigInput => {
    return { bootstrapServers: at(2), securityProtocol: "SASL_PLAINTEXT", saslMechanism: mechanism };
  };

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "regroup-security-"));
    certificate = await makeCertificate(dir);
    const [plain, controller] = await startingPorts();
    ports = [plain!, controller!, ...(await freePorts(3))];
    const listeners = `SASL_PLAINTEXT://${at(2)},SASL_SSL://${at(3)},SSL://${at(4)},PLAINTEXT://${at(0)}`;
    const configs = [
      ...saslConfigs("sasl_plaintext"),
      ...saslConfigs("sasl_ssl"),
      `listeners=${listeners},CONTROLLER://${at(1)}`,
      `advertised.listeners=${listeners}`,
      "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
      "ssl.keystore.type=PEM",
      `ssl.keystore.location=${join(dir, "store.pem")}`,
    ];
    const settings = configs.flatMap((config) => ["-o", config]);
    await run(kit, ["start", "--port", String(ports[0]), "--dir", join(dir, "node"), ...settings]);
    await makeScramUser(at(0));
  });
  after(async () => {
    await run(kit, ["stop", "--dir", join(dir, "node"), "--kill"]);
    await rm(dir, { recursive: true, force: true });
  });

  async function brokersSeen(config: ClientConfigInput): Promise<number> {
    await using admin = new Kafka({ defaultApiTimeoutMs: 5000, ...config }).admin();
    return (await admin.describeCluster()).brokers.length;
  }

  test("PLAIN lets in who has the password, and nobody else", async () => {
    assert.equal(await brokersSeen({ ...sasl("PLAIN"), ...alice }), 1);
    await assert.rejects(brokersSeen({ ...sasl("PLAIN"), ...alice, saslPassword: "wrong" }), refused);
  });

  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
    test(`${mechanism} lets in who has the password, and nobody else`, async () => {
      assert.equal(await brokersSeen({ ...sasl(mechanism), ...bob }), 1);
      await assert.rejects(brokersSeen({ ...sasl(mechanism), ...bob, saslPassword: "wrong" }), refused);
    });
  }

  test("OAUTHBEARER lets in who has a token, as long as it lasts", async () => {
    const token = { saslOauthbearerToken: () => ({ value: unsecuredToken("carol", 60) }) };
    assert.equal(await brokersSeen({ ...sasl("OAUTHBEARER"), ...token }), 1);
    const expired = { saslOauthbearerToken: unsecuredToken("carol", -100) };
    await assert.rejects(brokersSeen({ ...sasl("OAUTHBEARER"), ...expired }), refused);
  });

  test("TLS needs a certificate that is trusted, for the host that was asked for", async () => {
    const tls: ClientConfigInput = { bootstrapServers: at(4), securityProtocol: "SSL" };
    assert.equal(await brokersSeen({ ...tls, sslTruststoreCertificates: certificate }), 1);
    assert.equal(await brokersSeen({ ...tls, sslTruststoreLocation: join(dir, "cert.pem") }), 1);
    await assert.rejects(brokersSeen(tls), refused);
    const otherHost = { ...tls, bootstrapServers: `localhost:${ports[4]}`, sslTruststoreCertificates: certificate };
    await assert.rejects(brokersSeen(otherHost), refused);
    assert.equal(await brokersSeen({ ...otherHost, sslEndpointIdentificationAlgorithm: "" }), 1);
  });

  test("SASL goes over TLS", async () => {
    const config = { ...sasl("SCRAM-SHA-512"), ...bob, bootstrapServers: at(3), securityProtocol: "SASL_SSL" } as const;
    assert.equal(await brokersSeen({ ...config, sslTruststoreCertificates: certificate }), 1);
  });

  test("the wrong security.protocol is told, not waited for", async () => {
    await assert.rejects(brokersSeen({ bootstrapServers: at(4) }), /speaks TLS .*security\.protocol/);
    const plainAtSasl = brokersSeen({ bootstrapServers: at(2), defaultApiTimeoutMs: 500 });
    await assert.rejects(plainAtSasl, NetworkError);
  });

  test("a client outlives its session without an error (KIP-368)", async () => {
    await using admin = new Kafka({
      ...sasl("PLAIN"),
      ...alice,
      retryBackoffMs: 10_000,
      requestTimeoutMs: 5000,
    }).admin();
    const startedAt = Date.now();
    await until("two sessions are over", async () => {
      // An error would be tried again after ten seconds: more than the call has.
      await admin.describeCluster({ timeoutMs: 5000 });
      return Date.now() - startedAt > 2 * sessionMs + 500;
    });
  });
});

const refused = { code: "AUTHENTICATION_FAILED", fatal: true };

/** Two ports in a row: the kit gives the second to the controller. */
async function startingPorts(): Promise<number[]> {
  const [port] = await freePorts(1);
  return [port!, port! + 1];
}

async function makeCertificate(dir: string): Promise<string> {
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const names = ["-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1"];
  await run(
    "openssl",
    "req -x509 -newkey rsa:2048 -nodes -days 2".split(" ").concat(names, "-keyout", key, "-out", cert),
  );
  const certificate = await readFile(cert, "utf8");
  await writeFile(join(dir, "store.pem"), (await readFile(key, "utf8")) + certificate);
  return certificate;
}

async function makeScramUser(bootstrapServers: string): Promise<void> {
  await using cluster = openCluster(readConfig("admin", { bootstrapServers }));
  const salt = Buffer.from("a salt of some length");
  for (const [mechanism, hash, size] of [
    [1, "sha256", 32],
    [2, "sha512", 64],
  ] as const) {
    const saltedPassword = pbkdf2Sync(bob.saslPassword, salt, 4096, size, hash);
    const upsertions = [{ name: bob.saslUsername, mechanism, iterations: 4096, salt, saltedPassword }];
    const answer = await cluster.send("controller", AlterUserScramCredentials, { deletions: [], upsertions });
    assert.equal(answer.results[0]?.errorCode, 0);
  }
}
