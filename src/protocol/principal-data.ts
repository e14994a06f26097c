import { boolean, message, string } from "./schema.ts";

/** An authenticated client as brokers tell each other of it (KIP-590). */
export const DefaultPrincipalData = message("DefaultPrincipalData", {
  versions: [0, 0],
  flexible: 0,
  fields: { type: string, name: string, tokenAuthenticated: boolean },
});
