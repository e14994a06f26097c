/** What the broker wrote of each round of each group, read from `__consumer_offsets` by Kafka's own formatter. */
import { AssignerProtocol } from "kafkajs";
import { kafkaTool } from "../interop/support/tools.ts";
import type { Plan } from "./audit.ts";

const formatter = "org.apache.kafka.tools.consumer.GroupMetadataMessageFormatter";

interface GroupMetadata {
  readonly key: { readonly data: { readonly group: string } };
  readonly value: {
    readonly data: {
      readonly generation: number;
      readonly members: readonly { readonly memberId: string; readonly assignment: string }[];
    };
  } | null;
}

export async function readPlans(bootstrap: string, topic: string): Promise<Plan[]> {
  const from = ["--bootstrap-server", bootstrap, "--topic", "__consumer_offsets", "--from-beginning"];
  const { stdout } = await kafkaTool("console-consumer", [...from, "--formatter", formatter, "--timeout-ms", "8000"]);
  const records = stdout
    .replaceAll('}{"key"', '}\n{"key"')
    .split("\n")
    .filter((line) => line.startsWith('{"key"'));
  return records.flatMap((line) => {
    const { key, value } = JSON.parse(line) as GroupMetadata;
    if (!value) return [];
    const { generation, members } = value.data;
    const owners = members.map(({ memberId, assignment }) => ({
      memberId,
      partitions: partitionsIn(Buffer.from(assignment, "base64"), topic),
    }));
    return [{ group: key.data.group, generation, owners }];
  });
}

function partitionsIn(assignment: Buffer, topic: string): number[] {
  if (assignment.length === 0) return [];
  return AssignerProtocol.MemberAssignment.decode(assignment)?.assignment[topic] ?? [];
}
