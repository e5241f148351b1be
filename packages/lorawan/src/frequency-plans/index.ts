import { LoRaWANError } from "../error.ts";
import { eu863870Plan, eu863870TTNPlan } from "./eu-863-870.ts";
import type { FrequencyPlan } from "./frequency-plan.ts";
import { us902928Plan } from "./us-902-928.ts";

const plans: readonly FrequencyPlan[] = [
  eu863870Plan,
  eu863870TTNPlan,
  ...[1, 2, 3, 4, 5, 6, 7, 8].map(us902928Plan),
];

/** Every frequency plan by its identifier. */
export const frequencyPlans: ReadonlyMap<string, FrequencyPlan> = new Map(
  plans.map((plan) => [plan.id, plan]),
);

/** The frequency plan with an identifier. */
export function getFrequencyPlan(id: string): FrequencyPlan {
  const plan = frequencyPlans.get(id);
  if (plan === undefined) throw new LoRaWANError("unknown_frequency_plan", "unknown frequency plan");
  return plan;
}

export type * from "./frequency-plan.ts";
