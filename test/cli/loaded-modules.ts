/** Loaded before a program, it prints on stderr what the program loads. */
import { registerHooks } from "node:module";

registerHooks({
  load(url, context, next) {
    process.stderr.write(`${url}\n`);
    return next(url, context);
  },
});
