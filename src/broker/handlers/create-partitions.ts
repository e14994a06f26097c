import type { CreatePartitions } from "../../protocol/apis/create-partitions.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import type { Handler } from "../context.ts";

export const createPartitions: Handler<typeof CreatePartitions> = async ({ topics, validateOnly }, { broker }) => {
  const times = new Map<string, number>();
  for (const { name } of topics) times.set(name, (times.get(name) ?? 0) + 1);
  const refused = [...times].filter(([, count]) => count > 1).map(([name]) => ({ ...duplicate, name }));
  const asked = topics.filter(({ name }) => times.get(name) === 1);
  const outcome = await broker.metadataShard.submit("CreatePartitions", { topics: asked, validateOnly });
  await broker.metadataShard.settled();
  const results = outcome.ok ? outcome.reply : asked.map(({ name }) => ({ name, errorCode: outcome.errorCode }));
  return { results: [...refused, ...results] };
};

const duplicate = { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: "Duplicate topic name." };
