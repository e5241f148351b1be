import assert from "node:assert/strict";
import { test } from "node:test";
import { acknowledgementEvent, downlinkErrorEvent, scheduledEvent, sentEvent } from "./downlink-messages.ts";

const names = { appId: "my-app-id", devId: "my-dev-id" };
const downlink = { f_port: 1, frm_payload: "AQIDBA==" };
const transmission = {
  payload: "YBYX",
  gateway_id: "some-gateway",
  config: { modulation: "LORA", power: 14 },
};
const json = (value: unknown) => JSON.stringify(value);

test("each dialect tells of a scheduled downlink in its own way", () => {
  assert.equal(json(scheduledEvent(downlink, "early")), '{"port":1,"payload_raw":"AQIDBA=="}');
  assert.equal(json(scheduledEvent(downlink, "late")), "null");
  assert.equal(json(scheduledEvent(downlink, "server")), '{"message":{"port":1,"payload_raw":"AQIDBA=="}}');
  assert.equal(
    json(scheduledEvent({ ...downlink, confirmed: true }, "superset")),
    '{"port":1,"confirmed":true,"payload_raw":"AQIDBA==","message":{"port":1,"confirmed":true,"payload_raw":"AQIDBA=="}}',
  );
});

test("each dialect tells of a sent downlink in its own way", () => {
  const sent = (dialect: Parameters<typeof sentEvent>[3]) =>
    json(sentEvent(names, downlink, transmission, dialect));
  assert.equal(sent("early"), '{"port":1,"payload_raw":"AQIDBA=="}');
  assert.equal(
    sent("late"),
    '{"payload":"YBYX","gateway_id":"some-gateway","config":{"modulation":"LORA","power":14}}',
  );
  assert.equal(
    sent("server"),
    '{"payload":"YBYX","message":{"app_id":"my-app-id","dev_id":"my-dev-id","port":1,"payload_raw":"AQIDBA=="},"gateway_id":"some-gateway","config":{"modulation":"LORA","power":14}}',
  );
  const superset = JSON.parse(sent("superset"));
  assert.deepEqual(superset, { ...JSON.parse(sent("server")), ...JSON.parse(sent("early")) });
});

test("an acknowledgement names the downlink, except in the late reference", () => {
  assert.equal(json(acknowledgementEvent(downlink, "late")), "null");
  assert.equal(
    json(acknowledgementEvent({ ...downlink, confirmed: true }, "server")),
    '{"message":{"port":1,"confirmed":true,"payload_raw":"AQIDBA=="}}',
  );
});

test("an error comes with the downlink where there is one", () => {
  assert.equal(
    json(downlinkErrorEvent("ScheduleType not valid: unknown", downlink)),
    '{"error":"ScheduleType not valid: unknown","message":{"port":1,"payload_raw":"AQIDBA=="}}',
  );
  assert.equal(json(downlinkErrorEvent("x", undefined)), '{"error":"x"}');
});
