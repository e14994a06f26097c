/** Makes a world that fails smaller, as long as it fails in the same way: fewer faults, fewer members, less of all. */
import { type Fault, type MemberPlan, type Plan, unlimited } from "./plan.ts";

export interface Minimised {
  readonly plan: Plan;
  readonly tries: number;
}

/** @param fails whether the plan breaks the same invariant. */
export async function minimise(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Minimised> {
  let smallest = plan;
  let tries = 0;
  const tryOne = async (smaller: Plan): Promise<boolean> => {
    tries++;
    if (!(await fails(smaller))) return false;
    smallest = smaller;
    return true;
  };
  for (let before: Plan | undefined; before !== smallest; ) {
    before = smallest;
    await fewerFaults(() => smallest, tryOne);
    for (const { name } of smallest.members)
      if (smallest.members.length > 1) await tryOne(withoutMember(smallest, name));
    for (const simpler of simplifications) {
      const changed = simpler(smallest);
      if (JSON.stringify(changed) !== JSON.stringify(smallest)) await tryOne(changed);
    }
  }
  return { plan: smallest, tries };
}

/** Half of them, a quarter, …, each alone. */
async function fewerFaults(current: () => Plan, tryOne: (plan: Plan) => Promise<boolean>): Promise<void> {
  for (let size = Math.ceil(current().faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < current().faults.length; ) {
      const plan = current();
      const faults = plan.faults.filter((_, index) => index < from || index >= from + size);
      if (!(await tryOne({ ...plan, faults }))) from += size;
    }
  }
}

function withoutMember(plan: Plan, name: string): Plan {
  const faults = plan.faults.filter((fault: Fault) => {
    const named = { member: undefined, from: undefined, ...fault };
    return named.member !== name && named.from !== name;
  });
  return { ...plan, members: plan.members.filter((member) => member.name !== name), faults };
}

function withoutTransactional(plan: Plan, name: string | undefined): Plan {
  const faults = plan.faults.filter((fault) => !("producer" in fault && fault.producer === name));
  return { ...plan, faults, transactional: plan.transactional.filter((each) => each.name !== name) };
}

type Simpler = (plan: Plan) => Plan;

const rightClock = { rate: 1, wallAheadMs: 0 };
const eachMember =
  (change: (member: MemberPlan) => Partial<MemberPlan>): Simpler =>
  (plan) => ({ ...plan, members: plan.members.map((member) => ({ ...member, ...change(member) })) });

const simplifications: readonly Simpler[] = [
  (plan) => ({ ...plan, faultsEndMs: Math.min(plan.faultsEndMs, (plan.faults.at(-1)?.atMs ?? 0) + 30_000) }),
  (plan) => ({ ...plan, network: { ...plan.network, slowChance: 0, breakChance: 0 } }),
  (plan) => ({ ...plan, network: { ...plan.network, delayMs: 1 } }),
  (plan) => ({ ...plan, disk: { ...plan.disk, slowChance: 0 } }),
  (plan) => ({ ...plan, disk: { ...plan.disk, typicalMs: 0.2 } }),
  (plan) => ({ ...plan, brokers: plan.brokers.map(() => rightClock) }),
  (plan) => ({ ...plan, initialRebalanceDelayMs: 0 }),
  (plan) => ({ ...plan, groupMaxSize: unlimited }),
  (plan) => ({ ...plan, producers: plan.producers.slice(1) }),
  (plan) => withoutTransactional(plan, plan.transactional[0]?.name),
  (plan) => ({ ...plan, topics: plan.topics.map((topic) => ({ ...topic, partitions: 1 })) }),
  (plan) => ({
    ...plan,
    topics: plan.topics.map((topic) => ({ ...topic, partitions: Math.ceil(topic.partitions / 2) })),
  }),
  eachMember(() => ({ clock: rightClock })),
  eachMember(() => ({ revokeMs: 0 })),
  eachMember(() => ({ startsMs: 0 })),
  eachMember(() => ({ metadataMaxAgeMs: 30_000 })),
];
