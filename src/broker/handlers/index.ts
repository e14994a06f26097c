/**
 * Which APIs are served, and by whom. ApiVersions is answered from this table: an API that is not here is not
 * advertised, and a request for it closes the connection (rule 58).
 *
 * One file per API, named as its schema's file (`join-group.ts`), exporting one handler named after the API:
 * `export const joinGroup: Handler<typeof JoinGroup> = (request, context) => …`
 */
import type { Api } from "../../protocol/schema.ts";
import type { Handler } from "../context.ts";

/** An API as it is served: its schema with the handler that answers it. */
export interface ServedApi {
  readonly api: Api;
  readonly handle: Handler<Api>;
}

function serve<A extends Api>(api: A, handle: Handler<A>): ServedApi {
  return { api, handle: handle as Handler<Api> };
}

export const servedApis: ReadonlyMap<number, ServedApi> = new Map(
  ([] as ServedApi[]).map((served) => [served.api.key, served]),
);
