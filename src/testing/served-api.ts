import { servedApis } from "../broker/handlers/index.ts";

/** A misspelt name would be a fault that never hits, and requests that never came. @throws {RangeError} */
export function servedApi(name: string): string {
  const names = Array.from(servedApis.values(), ({ api }) => api.name);
  if (names.includes(name)) return name;
  throw new RangeError(`${name}: the broker knows no such API; it knows ${names.toSorted().join(", ")}`);
}
