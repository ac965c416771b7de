// What a frontend writes against the generated types. Each @ts-expect-error is a mistake that the types must catch:
// without its error the compiler fails.
import createClient from "openapi-fetch";
import type { components, paths } from "../../../var/tiers/closeloop.d.ts";

const closeloop = createClient<paths>({ baseUrl: "http://127.0.0.1:8080" });

export async function acceptNewest(): Promise<components["schemas"]["leads.Lead"] | undefined> {
  const { data, error } = await closeloop.GET("/api/v1/leads", {
    params: { query: { states: ["LEAD_STATE_ASSIGNED"], order: "LEAD_ORDER_NEWEST", "page.size": 1 } },
  });
  if (error) {
    const title: string | undefined = error.title;
    throw new Error(title);
  }
  const lead = data.leads[0];
  if (!lead) return undefined;
  const accepted = await closeloop.POST("/api/v1/leads/{leadId}:accept", {
    params: { path: { leadId: lead.leadId }, header: { "Idempotency-Key": "k-1" } },
    body: {},
  });
  return accepted.data?.lead;
}

export async function mistakes(): Promise<void> {
  // @ts-expect-error no such address
  await closeloop.GET("/api/v1/lead");
  // @ts-expect-error the id is missing
  await closeloop.GET("/api/v1/leads/{leadId}", {});
  await closeloop.GET("/api/v1/leads", {
    // @ts-expect-error no such state
    params: { query: { states: ["LEAD_STATE_SOLD"] } },
  });
  // @ts-expect-error reading is GET
  await closeloop.POST("/api/v1/feeds", {});
}
