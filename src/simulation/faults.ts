/** What the world does to those who live in it. */
import type { BrokerNode } from "./broker-node.ts";
import type { ConsumerNode } from "./consumer-node.ts";
import type { Fault, FaultKind } from "./plan.ts";
import type { Simulation } from "./simulation.ts";
import type { World } from "./world.ts";

export function scheduleFaults(simulation: Simulation): void {
  const { world, plan } = simulation;
  for (const fault of plan.faults) {
    world.after(fault.atMs, () => {
      world.tell(() => `FAULT ${wordsOf(fault)}`);
      apply(simulation, fault);
    });
  }
}

export function wordsOf({ atMs: _, kind, ...rest }: Fault): string {
  const words = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [kind, ...words].join(", ");
}

function apply(simulation: Simulation, fault: FaultKind): void {
  switch (fault.kind) {
    case "member dies": {
      const member = simulation.member(fault.member);
      member.isWanted = false;
      member.die();
      return comesBack(simulation, member, fault.backAfterMs);
    }
    case "member closes": {
      const member = simulation.member(fault.member);
      member.close("default");
      return comesBack(simulation, member, fault.backAfterMs);
    }
    case "member stalls":
      return simulation.member(fault.member).process.stall(fault.forMs);
    case "member is busy":
      return simulation.member(fault.member).busy(fault.forMs);
    case "callback hangs":
      simulation.member(fault.member).hangsForMs = fault.forMs;
      return;
    case "member dies giving up":
      simulation.member(fault.member).diesGivingUp = fault.backAfterMs;
      return;
    case "subscription changes":
      return simulation.member(fault.member).subscribe(fault.topics);
    case "twin starts":
      return simulation.twin(fault.member, fault.forMs);
    case "group is deleted":
      return simulation.admin.deleteGroup(fault.groupId);
    case "offsets are reset":
      return simulation.admin.resetOffset(fault.groupId, fault.topic);
    case "offsets are read":
      return simulation.admin.readOffsets(fault.groupId);
    case "admin removes":
      return simulation.admin.remove(simulation.member(fault.member).plan);
    case "partitions are added":
      return simulation.admin.addPartition(fault.topic);
    case "transactional producer dies":
      return simulation.transactional(fault.producer).die(fault.backAfterMs);
    case "transactional producer is doubled":
      return simulation.transactional(fault.producer).start();
    case "transactional producer stalls":
      return simulation.transactional(fault.producer).stall(fault.forMs);
    case "ends of transactions are troubled":
      return simulation.cluster.troubledEnds.begin(fault.forMs);
    case "topic is deleted":
      return simulation.admin.deleteTopic(fault.topic, fault.backAfterMs);
    case "partition is led anew":
      return simulation.cluster.topicsLeader.leadAnew(fault.topic, fault.partition);
    default:
      return applyToBrokers(simulation, fault);
  }
}

function comesBack({ world }: Simulation, member: ConsumerNode, afterMs: number | null): void {
  if (afterMs === null) return;
  const again = () => {
    if (member.isRunning && member.isClosing) world.after(1000, again);
    else member.start();
  };
  world.after(afterMs, again);
}

/** When the process before is over. */
function startsAgain(world: World, broker: BrokerNode, afterMs: number): void {
  world.after(afterMs, () => (broker.isStopping ? startsAgain(world, broker, 1000) : broker.start()));
}

type BrokerFault = Extract<
  FaultKind,
  | { readonly broker: number }
  | { readonly kind: "append fails" | "leadership moves" | "storage crashes" | "power might fail" }
>;

function applyToBrokers({ world, cluster, plan }: Simulation, fault: BrokerFault): void {
  const { storage, network } = cluster;
  const broker: BrokerNode | undefined = "broker" in fault ? cluster.brokers[fault.broker - 1] : undefined;
  switch (fault.kind) {
    case "broker dies":
      storage.nextLoss = fault.loses;
      broker!.die();
      return void world.after(fault.backAfterMs, () => broker!.start());
    case "broker stops":
      storage.nextLoss = "unsynced";
      broker!.stop();
      return startsAgain(world, broker!, fault.backAfterMs);
    case "broker stalls":
      return broker!.process.stall(fault.forMs);
    case "broker is cut off": {
      const names = fault.from === null ? plan.members.map(({ name }) => name) : [fault.from];
      for (const name of names) network.block(name, fault.broker);
      return void world.after(fault.forMs, () => {
        for (const name of names) network.heal(name, fault.broker);
      });
    }
    case "connections break":
      for (const connection of [...network.connections]) if (connection.broker === broker) connection.break();
      return;
    case "disk fails":
      return storage.failAfter(fault.afterWrites);
    case "append fails":
      return storage.failAfter(1);
    case "power might fail":
      return storage.checkPowerFailure(fault.loses);
    case "storage crashes":
      return storage.crash(fault.loses, fault.backAfterMs);
    case "leadership moves":
      return storage.move(fault.shard, fault.heardAfterMs);
    case "clock jumps":
      broker!.process.wallAheadMs += fault.byMs;
      return;
  }
}
