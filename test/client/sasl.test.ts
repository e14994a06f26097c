import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readConfig } from "../../src/client/config.ts";
import { AuthenticationError } from "../../src/client/errors.ts";
import { credentialsOf } from "../../src/client/sasl/credentials.ts";
import { scram } from "../../src/client/sasl/scram.ts";

const text = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString();

/** The conversation that RFC 7677 prints in chapter 3. */
const printed = {
  nonce: "rOprNGfwEbeRWgbNEkqO",
  clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
  serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  clientFinal:
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

const login = (password = "pencil") => scram("sha256", { username: "user", password }, printed.nonce);

suite("SASL", () => {
  test("SCRAM-SHA-256 says what RFC 7677 prints", async () => {
    const conversation = login();
    assert.equal(text((await conversation.next()).value), printed.clientFirst);
    assert.equal(text((await conversation.next(Buffer.from(printed.serverFirst))).value), printed.clientFinal);
    assert.equal((await conversation.next(Buffer.from(printed.serverFinal))).done, true);
  });

  test("SCRAM refuses a server that does not know the password", async () => {
    const conversation = login("pencils");
    await conversation.next();
    await conversation.next(Buffer.from(printed.serverFirst));
    await assert.rejects(conversation.next(Buffer.from(printed.serverFinal)), AuthenticationError);
  });

  for (const [what, serverFirst] of [
    ["another login's nonce", printed.serverFirst.replace("rOpr", "xxxx")],
    ["a nonce without its own part", "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"],
    ["too few iterations", printed.serverFirst.replace("4096", "1")],
    ["more iterations than anyone needs", printed.serverFirst.replace("4096", "4000000000")],
  ] as const) {
    test(`SCRAM refuses ${what}`, async () => {
      const conversation = login();
      await conversation.next();
      await assert.rejects(conversation.next(Buffer.from(serverFirst)), AuthenticationError);
    });
  }

  test("SCRAM escapes what a user name may not hold", async () => {
    const { value } = await scram("sha512", { username: "a=b,c", password: "" }, "n").next();
    assert.equal(text(value), "n,,n=a=3Db=2Cc,r=n");
  });

  test("user name and password are read from Java's sasl.jaas.config too", () => {
    const saslJaasConfig = String.raw`x.PlainLoginModule required username="alice" password="a \"b\" = c";`;
    assert.deepEqual(credentialsOf(readConfig("Kafka", { saslJaasConfig })), {
      username: "alice",
      password: 'a "b" = c',
    });
    const own = readConfig("Kafka", { saslJaasConfig, saslUsername: "bob", saslPassword: "p" });
    assert.deepEqual(credentialsOf(own), { username: "bob", password: "p" });
    assert.throws(() => credentialsOf(readConfig("Kafka", { saslUsername: "bob" })), { code: "INVALID_CONFIG_VALUE" });
  });
});
