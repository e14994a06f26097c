import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import {
  brokerError,
  ClientConfigError,
  ClosedError,
  NetworkError,
  RequestTimeoutError,
} from "../../src/client/errors.ts";
import { ErrorCode, type ErrorName } from "../../src/protocol/errors.ts";

suite("an error", () => {
  const kinds: [ErrorName, { retriable: boolean; fatal: boolean }][] = [
    ["NOT_ENOUGH_REPLICAS", { retriable: true, fatal: false }],
    ["TOPIC_ALREADY_EXISTS", { retriable: false, fatal: false }],
    ["FENCED_INSTANCE_ID", { retriable: false, fatal: true }],
  ];
  for (const [code, kind] of kinds) {
    test(`of a broker tells its code, whether trying again helps, and what to do: ${code}`, () => {
      const error = brokerError(ErrorCode[code], "createTopics: orders", "as the broker says");
      const { retriable, fatal } = error;
      assert.deepEqual({ retriable, fatal }, kind);
      assert.equal(error.code, code);
      assert.equal(error.errorCode, ErrorCode[code]);
      assert.ok(error.hint !== undefined);
      assert.equal(error.message, `createTopics: orders: ${code}: as the broker says (${error.hint})`);
    });
  }

  test("says nothing of what there is not when Node prints it", () => {
    assert.doesNotMatch(inspect(new NetworkError("refused")), /undefined/);
    assert.match(inspect(brokerError(ErrorCode.NON_EMPTY_GROUP, "billing")), /errorCode: 68,\s+hint: "stop /);
  });

  test("of the client's own making tells the same, without a number of the wire", () => {
    const cause = new Error("ECONNRESET");
    const errors = [
      new NetworkError("gone", cause),
      new RequestTimeoutError("late"),
      new ClosedError("closed"),
      new ClientConfigError("what?", "this"),
    ];
    assert.deepEqual(
      errors.map(({ name, code, retriable, fatal, errorCode }) => [name, code, retriable, fatal, errorCode]),
      [
        ["NetworkError", "CONNECTION_FAILED", true, false, undefined],
        ["RequestTimeoutError", "TIMED_OUT", true, false, undefined],
        ["ClosedError", "CLIENT_CLOSED", false, true, undefined],
        ["ClientConfigError", "INVALID_CONFIG_VALUE", false, true, undefined],
      ],
    );
    assert.equal(errors[0]!.cause, cause);
    assert.equal(errors[3]!.message, "what? (this)");
  });
});
