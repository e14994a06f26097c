/** Groups that have committed one offset each, so that a coordinator has something to load. */
import { commitFrame, throwIfNotCommitted } from "./commits.ts";
import { coordinate } from "./coordinator.ts";
import { makeTopic } from "./topic.ts";
import { openWires } from "./wire.ts";

const connections = 32;

export const nameOfGroup = (at: number) => `bench-group-${at}`;

export async function manyGroups(server: string, topic: string, count: number): Promise<void> {
  await makeTopic(server, topic, 1);
  await coordinate(server, nameOfGroup(0));
  const wires = await openWires(server, connections);
  let next = 0;
  await Promise.all(
    wires.map(
      (wire) =>
        new Promise<void>((resolve) => {
          const send = () => {
            if (next === count) resolve();
            else wire.send(commitFrame(nameOfGroup(next++), topic, 1, 7));
          };
          wire.onAnswer = (answer) => {
            throwIfNotCommitted(answer);
            send();
          };
          send();
        }),
    ),
  );
  for (const wire of wires) wire.close();
}
