/** What the server counted since it started; for metrics. */
export interface GatewayServerCounters {
  uplinksReceived: number;
  uplinksForwarded: number;
  uplinksRepeated: number;
  uplinksFailed: number;
  /** Arrived before their gateway was connected, and more than are kept for then. */
  messagesRefused: number;
  statusesReceived: number;
  downlinksSent: number;
  downlinksSucceeded: number;
  downlinksFailed: number;
  acknowledgmentsReceived: number;
  connectionsRefused: number;
}

export function createCounters(): GatewayServerCounters {
  return {
    uplinksReceived: 0,
    uplinksForwarded: 0,
    uplinksRepeated: 0,
    uplinksFailed: 0,
    messagesRefused: 0,
    statusesReceived: 0,
    downlinksSent: 0,
    downlinksSucceeded: 0,
    downlinksFailed: 0,
    acknowledgmentsReceived: 0,
    connectionsRefused: 0,
  };
}
