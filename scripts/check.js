// npm run check: types, lint, layering, tidy; a few seconds.
import { failedChecks, runTests } from "./checks.js";

const failed = await failedChecks();
const tests = await runTests(["test/repo/layering.test.ts", "test/repo/tidy.test.ts"]);
process.exitCode = failed || tests;
