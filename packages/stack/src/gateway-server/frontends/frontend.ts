/** A protocol that gateways speak; `gateway-server.ts` starts and stops it. */
export interface FrontEnd {
  readonly protocol: string;
  /** Starts to listen; a port already taken is an error that names the option. Gives the port. */
  listen(): Promise<number>;
  close(): Promise<void>;
  /** What it counted since it started, by metric name; for metrics. */
  counters(): Readonly<Record<string, number>>;
}
