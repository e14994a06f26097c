// The npm package where its users run it: inside vitest and jest, compiled against, and on the oldest Node it promises.
// In .ci only, because these are large to install.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectWithRegroup } from "../test/repo/pack.ts";

const project = await projectWithRegroup(["vitest@5.1.1", "jest@30.5.2", "typescript@7.0.2", "@types/node@26.6.6"]);

const body = `
test("a server starts, and stops", async () => {
  const server = await startServer({ config: { listeners: "PLAINTEXT://127.0.0.1:0" }, ephemeral: true });
  await server.close();
});`;
write("esm/in-vitest.test.mjs", `import { test } from "vitest";\nimport { startServer } from "regroup";${body}`);
write("commonjs/in-jest.test.cjs", `const { startServer } = require("regroup");${body}`);
write("types.ts", `import { startServer } from "regroup";\nexport const server = startServer({ ephemeral: true });`);
write("tsconfig.json", JSON.stringify({ compilerOptions: { module: "nodenext", target: "es2024", strict: true } }));
write("jest.config.json", JSON.stringify({ testEnvironment: "node", testMatch: ["**/*.test.cjs"] }));

run("node_modules/.bin/vitest", "run", "--dir", "esm");
run("node_modules/.bin/jest", "--config", "jest.config.json");
run("node_modules/.bin/tsc", "--noEmit", "-p", "tsconfig.json");
rmSync(dirname(project), { recursive: true });

function write(file, text) {
  writeFileSync(join(project, file), text);
}

function run(command, ...args) {
  console.log(`$ ${command} ${args.join(" ")}`);
  const { status } = spawnSync(command, args, { cwd: project, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
