import assert from "node:assert/strict";
import { test } from "node:test";
import { type StandardAssignorName, standardAssignors } from "../../src/assignment/standard-assignors.ts";
import { clusterOf, groupOf, measure, type Scenario, type Step, scenarios, toLists } from "./scenarios.ts";

const each = Object.keys(standardAssignors) as StandardAssignorName[];

/** Java's answers that break its own rules, or are none, are not to be copied. */
const isSound = ({ error, metrics }: Step): boolean => error === undefined && metrics?.breaks === undefined;

const sorted = (lists: Step["assignment"]): unknown =>
  Object.entries(lists)
    .map(([memberId, list]) => [
      memberId,
      list.map(([topic, partitions]) => [topic, partitions.toSorted((a, b) => a - b)]).sort(),
    ])
    .sort();

function compareWithJava({ id, assignor }: Scenario, step: Step): void {
  const cluster = clusterOf(step);
  const group = groupOf(step);
  const assignment = standardAssignors[assignor]().assign(cluster, group);
  const lists = toLists(assignment);
  const where = `${id}, ${step.event}`;
  if (step.compare === "exact") return assert.deepEqual(lists, step.assignment, where);
  if (step.compare === "set") return assert.deepEqual(sorted(lists), sorted(step.assignment), where);
  const measured = measure(assignor, cluster, group, assignment);
  for (const [name, [, greatest]] of Object.entries(step.variants!)) {
    const mine = measured[name as keyof typeof step.variants];
    assert.ok(mine <= greatest, `${where}: ${name} ${mine} is more than Java's ${greatest}`);
  }
}

for (const assignor of each) {
  test(`${assignor} divides as Kafka's, wherever Kafka's is determined, and elsewhere as evenly and sticky`, () => {
    let steps = 0;
    for (const scenario of scenarios(assignor)) {
      for (const step of scenario.steps.filter(isSound)) {
        compareWithJava(scenario, step);
        steps++;
      }
    }
    assert.ok(steps >= 600);
  });

  test(`${assignor} does not depend on the order in which the coordinator lists the members`, () => {
    for (const { steps } of scenarios(assignor)) {
      const step = steps.at(-1)!;
      const group = groupOf(step);
      const forwards = toLists(standardAssignors[assignor]().assign(clusterOf(step), group));
      const backwards = toLists(standardAssignors[assignor]().assign(clusterOf(step), group.toReversed()));
      assert.deepEqual(backwards, forwards);
    }
  });
}

for (const assignor of ["sticky", "cooperative-sticky"] as const) {
  test(`${assignor} measures evenness and stickiness as the vectors do`, () => {
    for (const { id, steps } of scenarios(assignor)) {
      for (const step of steps.filter((each) => isSound(each) && each.compare !== "varies")) {
        const cluster = clusterOf(step);
        const group = groupOf(step);
        const { balance, owned, moved } = measure(
          assignor,
          cluster,
          group,
          new Map(
            Object.entries(step.assignment).map(([memberId, lists]) => [
              memberId,
              { assignedPartitions: lists.map(([topic, partitions]) => ({ topic, partitions })), userData: null },
            ]),
          ),
        );
        const { balance: b, owned: o, moved: m } = step.metrics!;
        assert.deepEqual({ balance, owned, moved }, { balance: b, owned: o, moved: m }, `${id}, ${step.event}`);
      }
    }
  });

  test(`${assignor} answers where Kafka's throws: a claimed partition that does not exist any more`, () => {
    const failed = scenarios(assignor).flatMap(({ steps }) => steps.filter(({ error }) => error !== undefined));
    assert.ok(failed.length > 0);
    for (const step of failed) {
      const given = Object.values(toLists(standardAssignors[assignor]().assign(clusterOf(step), groupOf(step))));
      const highest = new Map(step.topics.map(({ name, partitions }) => [name, partitions]));
      for (const [topic, partitions] of given.flat()) assert.ok(Math.max(...partitions) < highest.get(topic)!);
    }
  });

  test(`${assignor} gives a member without a subscription nothing, where Kafka's may`, () => {
    const broken = scenarios(assignor).flatMap(({ steps }) => steps.filter(({ metrics }) => metrics?.breaks));
    assert.ok(broken.length > 0);
    for (const step of broken) {
      const lists = toLists(standardAssignors[assignor]().assign(clusterOf(step), groupOf(step)));
      for (const { id, topics } of step.members) {
        for (const [topic] of lists[id]!) assert.ok(topics.includes(topic), `${id} got ${topic}`);
      }
    }
  });
}
