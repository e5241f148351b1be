import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatMetrics } from "./metrics.ts";

describe("formatMetrics", () => {
  it("names each number by its path", () => {
    assert.equal(
      formatMetrics({ networkServer: { uplinks: { micMismatch: 2 } }, "gs.udp": { received: 0.5 } }),
      "# TYPE skylark_network_server_uplinks_mic_mismatch untyped\n" +
        "skylark_network_server_uplinks_mic_mismatch 2\n" +
        "# TYPE skylark_gs_udp_received untyped\n" +
        "skylark_gs_udp_received 0.5\n",
    );
  });
});
