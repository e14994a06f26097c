import type { AssignmentPlan } from "./assignment-plan.ts";
import type { GroupLayout } from "./group-layout.ts";
import { planEqualSubscriptions } from "./plan-equal-subscriptions.ts";
import { planMixedSubscriptions } from "./plan-mixed-subscriptions.ts";
import type { Claims, PreviousOwners } from "./previous-owners.ts";
import { type Racks, racksMatter } from "./racks.ts";

/**
 * The plan of both sticky assignors. It differs for equal subscriptions, also by names of topics that do not exist: a
 * leader in Java tells them apart in the same way.
 */
export function planSticky(
  layout: GroupLayout,
  claims: readonly Claims[],
  previous: PreviousOwners,
  racks: Racks | undefined,
): AssignmentPlan {
  const everyone = layout.members.map((_, member) => member);
  const matter = racks !== undefined && racksMatter(racks, everyone, 0, previous.owner.length);
  if (layout.classes.length <= 1) return planEqualSubscriptions(layout, previous, racks, matter);
  return planMixedSubscriptions(layout, claims, previous, matter ? racks : undefined);
}
