/**
 * Which APIs are served, and by whom. ApiVersions is answered from this table: an API that is not here is not
 * advertised, and a request for it closes the connection (rule 58).
 *
 * One file per API, named as its schema is (`join-group.ts`), exporting one handler named after the API:
 * `export const joinGroup: Handler<JoinGroupRequest, JoinGroupResponse> = (request, context) => …`
 */
import type { Handler } from "../context.ts";

/** An API as it is served: its schema with the handler that answers it. */
export interface ServedApi<Schema, Request, Response> {
  readonly schema: Schema;
  readonly handle: Handler<Request, Response>;
}
