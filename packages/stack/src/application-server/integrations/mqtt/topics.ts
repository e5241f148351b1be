/** What a publish of the application asks for. */
export interface DownlinkTopic {
  readonly deviceId: string;
  readonly operation: "push" | "replace";
}

/** How one generation of clients names things; `userName` is the application as the client wrote it. */
export interface TopicDialect {
  readonly name: string;
  /** Topic of a message of kind `up`, `down/queued`, … */
  format(userName: string, deviceId: string, kind: string): string;
  /** The filter within the application's own topics, or undefined when it reaches for others. */
  rewriteFilter(userName: string, filter: string): string | undefined;
  parseDownlink(userName: string, topic: string): DownlinkTopic | undefined;
}

const deviceIdPattern = /^[a-z0-9](?:-?[a-z0-9]){2,35}$/;

/** `v3/{application}/devices/{device}/…`; what stands in place of the application may be a wildcard. */
export const v3Topics: TopicDialect = {
  name: "v3",
  format: (userName, deviceId, kind) => `v3/${userName}/devices/${deviceId}/${kind}`,
  rewriteFilter(userName, filter) {
    if (filter === "#" || filter === "v3/#") return `v3/${userName}/#`;
    const [version, application, ...rest] = filter.split("/");
    if (version !== "v3" || rest.length === 0) return undefined;
    return application === "+" || application === userName ? `v3/${userName}/${rest.join("/")}` : undefined;
  },
  parseDownlink(userName, topic) {
    const [version, application, devices, deviceId = "", down, operation, ...rest] = topic.split("/");
    if (version !== "v3" || application !== userName || devices !== "devices" || down !== "down")
      return undefined;
    if (rest.length > 0 || deviceId.length > 36 || !deviceIdPattern.test(deviceId)) return undefined;
    return operation === "push" || operation === "replace" ? { deviceId, operation } : undefined;
  },
};
