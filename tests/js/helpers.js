// Tickets as the server writes them, for the tests of the pure modules.

export const NOW = Date.parse("2026-11-20T17:00:00Z");

export function ticket(id, changes = {}) {
  return {
    id,
    version: 1,
    timestamp: "2026-11-20T16:50:00Z",
    source: "adf",
    pipeline: "pl_orders",
    error_type: "GatewayTimeout",
    run_id: `run-${id}`,
    severity: "High",
    priority: "P2",
    status: "open",
    sla_seconds: 1800,
    finops_team: "DataEng",
    occurrences: 1,
    processing_state: "received",
    ...changes,
  };
}

export const event = (seq, raw, name = "ticket_updated") => ({
  event: name,
  seq,
  ticket_id: raw.id,
  ticket: raw,
  at: NOW,
});
