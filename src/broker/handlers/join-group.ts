import type { JoinGroup } from "../../protocol/apis/join-group.ts";
import type { Answer, Handler } from "../context.ts";
import { askGroup } from "../groups.ts";

type JoinGroupAnswer = NonNullable<Answer<typeof JoinGroup>>;

export const joinGroup: Handler<typeof JoinGroup> = async (request, context) => {
  const outcome = await askGroup("JoinGroup", request.groupId, request, context);
  const { memberId } = request;
  const reply: JoinGroupAnswer = outcome.ok ? outcome.reply : { ...nobody, errorCode: outcome.errorCode, memberId };
  // Before v7 the name of the protocol could not be null.
  return context.version < 7 ? { ...reply, protocolName: reply.protocolName ?? "" } : reply;
};

const nobody = { protocolName: null, leader: "", members: [] };
