import assert from "node:assert/strict";
import { test } from "node:test";
import { expandKey } from "../crypto/aes.ts";
import { parseAESKey } from "../crypto/aes-key.ts";
import { legacyDataMIC } from "../crypto/mic.ts";
import { cryptFRMPayload } from "../crypto/payload.ts";
import { LoRaWANError } from "../error.ts";
import { formatHex, parseHex } from "../hex.ts";
import { parseDevAddr } from "../ids/dev-addr.ts";
import { parseEUI64 } from "../ids/eui64.ts";
import { parseNetID } from "../ids/net-id.ts";
import { encodeDataFrame } from "./data-frame.ts";
import { appendMIC, encodeMIC, withoutMIC } from "./envelope.ts";
import { decodeJoinAccept, encodeCFList, encodeJoinAccept, type JoinAccept } from "./join-accept.ts";
import { decodePHYPayload, encodePHYPayload, type PHYPayload } from "./phy-payload.ts";

function refuses(code: string, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof LoRaWANError && error.code === code);
}

const none = new Uint8Array(0);

// Each kind of frame on the wire and what it means.
const frames: readonly [name: string, wire: string, meaning: PHYPayload][] = [
  [
    "a join-request",
    "00DC0000D07ED5B3701E6FEDF57CEEAF0085CC587FE913",
    {
      mType: "joinRequest",
      major: 0,
      joinEui: parseEUI64("70B3D57ED00000DC"),
      devEui: parseEUI64("00AFEE7CF5ED6F1E"),
      devNonce: 0xcc85,
      mic: 0x587fe913,
    },
  ],
  [
    "a join-accept",
    "20493EEB51FBA2116F810EDB3742975142",
    { mType: "joinAccept", major: 0, encrypted: parseHex("493EEB51FBA2116F810EDB3742975142") },
  ],
  [
    "an unconfirmed uplink",
    "40F17DBE4900020001954378762B11FF0D",
    {
      mType: "unconfirmedUp",
      major: 0,
      devAddr: parseDevAddr("49BE7DF1"),
      fCtrl: { adr: false, adrAckReq: false, ack: false, classB: false },
      fCnt: 2,
      fOpts: none,
      fPort: 1,
      frmPayload: parseHex("95437876"),
      mic: 0x2b11ff0d,
    },
  ],
  [
    "a confirmed uplink of every flag, with FOpts and no port",
    "80AA420126F2FFFF030701020304",
    {
      mType: "confirmedUp",
      major: 0,
      devAddr: parseDevAddr("260142AA"),
      fCtrl: { adr: true, adrAckReq: true, ack: true, classB: true },
      fCnt: 0xffff,
      fOpts: parseHex("0307"),
      frmPayload: none,
      mic: 0x01020304,
    },
  ],
  [
    "an unconfirmed downlink with FPending and an empty port 0",
    "60AA42012610010000FFFFFFFF",
    {
      mType: "unconfirmedDown",
      major: 0,
      devAddr: parseDevAddr("260142AA"),
      fCtrl: { adr: false, ack: false, fPending: true },
      fCnt: 1,
      fOpts: none,
      fPort: 0,
      frmPayload: none,
      mic: 0xffffffff,
    },
  ],
  [
    "a confirmed downlink",
    "A0AA420126A001000ABEEF00000001",
    {
      mType: "confirmedDown",
      major: 0,
      devAddr: parseDevAddr("260142AA"),
      fCtrl: { adr: true, ack: true, fPending: false },
      fCnt: 1,
      fOpts: none,
      fPort: 10,
      frmPayload: parseHex("BEEF"),
      mic: 1,
    },
  ],
  [
    "a rejoin-request of type 0",
    "C0001300001E6FEDF57CEEAF0002010A0B0C0D",
    {
      mType: "rejoinRequest",
      major: 0,
      rejoinType: 0,
      netId: parseNetID("000013"),
      devEui: parseEUI64("00AFEE7CF5ED6F1E"),
      rejoinCnt: 0x0102,
      mic: 0x0a0b0c0d,
    },
  ],
  [
    "a rejoin-request of type 1",
    "C001DC0000D07ED5B3701E6FEDF57CEEAF0002010A0B0C0D",
    {
      mType: "rejoinRequest",
      major: 0,
      rejoinType: 1,
      joinEui: parseEUI64("70B3D57ED00000DC"),
      devEui: parseEUI64("00AFEE7CF5ED6F1E"),
      rejoinCnt: 0x0102,
      mic: 0x0a0b0c0d,
    },
  ],
  ["a proprietary frame", "E3010203", { mType: "proprietary", major: 3, payload: parseHex("010203") }],
];

for (const [name, wire, meaning] of frames) {
  test(`${name} is decoded and encoded`, () => {
    assert.deepEqual(decodePHYPayload(parseHex(wire)), meaning);
    assert.equal(formatHex(encodePHYPayload(meaning)), wire);
  });
}

test("a frame cut anywhere is refused or keeps its envelope, and never anything else happens", () => {
  for (const [, wire, { mType }] of frames) {
    const bytes = parseHex(wire);
    for (let length = 0; length < bytes.length; length++) {
      try {
        assert.equal(decodePHYPayload(bytes.subarray(0, length)).mType, mType);
      } catch (error) {
        assert.ok(error instanceof LoRaWANError && error.code === "too_short");
      }
    }
  }
});

test("a frame of fixed length is refused with a byte too many, any frame above 255 bytes", () => {
  for (const [, wire, { mType }] of frames) {
    if (mType !== "joinRequest" && mType !== "rejoinRequest") continue;
    refuses("too_long", () => decodePHYPayload(parseHex(`${wire}00`)));
  }
  refuses("too_short", () => decodePHYPayload(parseHex(`20${"00".repeat(17)}`)));
  refuses("too_long", () => decodePHYPayload(parseHex(`20${"00".repeat(33)}`)));
  refuses("too_long", () => decodePHYPayload(parseHex("40".repeat(256))));
});

test("FOpts that reach into the MIC are refused", () => {
  refuses("too_short", () => decodePHYPayload(parseHex(`40AA4201260F0000${"00".repeat(18)}`)));
  const longest = decodePHYPayload(parseHex(`40AA4201260F0000${"00".repeat(19)}`));
  assert.ok(longest.mType === "unconfirmedUp" && longest.fOpts.length === 15 && longest.fPort === undefined);
});

test("reserved bits of the MHDR are ignored, another major version is refused", () => {
  assert.equal(decodePHYPayload(parseHex("5CF17DBE4900020001954378762B11FF0D")).mType, "unconfirmedUp");
  refuses("unsupported_major", () => decodePHYPayload(parseHex("41F17DBE4900020001954378762B11FF0D")));
});

test("a rejoin-request of another type is refused", () => {
  refuses("invalid_value", () => decodePHYPayload(parseHex(`C003${"00".repeat(22)}`)));
});

test("byte fields are views of the frame", () => {
  const bytes = parseHex("40F17DBE4900020001954378762B11FF0D");
  const frame = decodePHYPayload(bytes);
  assert.ok(frame.mType === "unconfirmedUp");
  assert.equal(frame.frmPayload.buffer, bytes.buffer);
});

test("a frame from the field verifies and decrypts", () => {
  const bytes = parseHex("40F17DBE4900020001954378762B11FF0D");
  const frame = decodePHYPayload(bytes);
  assert.ok(frame.mType === "unconfirmedUp");
  const { devAddr, fCnt } = frame;
  const nwkSKey = expandKey(parseAESKey("44024241ed4ce9a68c6a8bc055233fd3"));
  const appSKey = expandKey(parseAESKey("ec925802ae430ca77fd3dd73cb2cc588"));
  const signed = { direction: "uplink", devAddr, fCnt, message: withoutMIC(bytes) } as const;
  assert.equal(legacyDataMIC(nwkSKey, signed), frame.mic);
  assert.notEqual(legacyDataMIC(nwkSKey, { ...signed, fCnt: fCnt + 0x10000 }), frame.mic);
  const plain = cryptFRMPayload(appSKey, { direction: "uplink", devAddr, fCnt, payload: frame.frmPayload });
  assert.equal(new TextDecoder().decode(plain), "test");
});

test("a data frame that cannot travel is not built", () => {
  const header = {
    mType: "unconfirmedDown",
    devAddr: parseDevAddr("260142AA"),
    fCtrl: { adr: false, ack: false, fPending: false },
    fCnt: 0x12345,
  } as const;
  refuses("too_long", () => encodeDataFrame({ ...header, fOpts: new Uint8Array(16) }));
  refuses("invalid_value", () => encodeDataFrame({ ...header, frmPayload: new Uint8Array(1) }));
  refuses("invalid_value", () => encodeDataFrame({ ...header, fPort: 256 }));
  refuses("too_long", () => encodeDataFrame({ ...header, fPort: 1, frmPayload: new Uint8Array(243) }));
  assert.equal(
    appendMIC(encodeDataFrame({ ...header, fPort: 1, frmPayload: new Uint8Array(242) }), 0).length,
    255,
  );
  assert.equal(formatHex(encodeDataFrame(header)), "60AA420126004523");
});

test("a MIC is four bytes in wire order", () => {
  assert.equal(formatHex(encodeMIC(0xfe000001)), "FE000001");
});

const accept: JoinAccept = {
  joinNonce: 0x010203,
  netId: parseNetID("000013"),
  devAddr: parseDevAddr("260142AA"),
  dlSettings: { optNeg: false, rx1DROffset: 1, rx2DR: 3 },
  rxDelay: 5,
};

// Both kinds of CFList, with what follows the RxDelay.
const accepts: readonly [name: string, wire: string, meaning: JoinAccept][] = [
  ["without a CFList", "030201130000AA4201261305", accept],
  [
    "with frequencies and OptNeg",
    "030201130000AA4201269305184F84E85684B85E84886684586E8400",
    {
      ...accept,
      dlSettings: { optNeg: true, rx1DROffset: 1, rx2DR: 3 },
      cfList: {
        type: "frequencies",
        frequencies: [867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000],
      },
    },
  ],
  [
    "with channel masks",
    "030201130000AA420126130500FF0000000000000200000000000001",
    {
      ...accept,
      cfList: {
        type: "channelMasks",
        channelMasks: Array.from({ length: 96 }, (_, i) => (i >= 8 && i < 16) || i === 65),
      },
    },
  ],
];

for (const [name, wire, meaning] of accepts) {
  test(`the content of a join-accept ${name} is decoded and encoded`, () => {
    assert.deepEqual(decodeJoinAccept(parseHex(wire)), meaning);
    assert.deepEqual(decodeJoinAccept(parseHex(`${wire}01020304`)), meaning);
    assert.equal(formatHex(encodeJoinAccept(meaning)), `20${wire}`);
    if (meaning.cfList !== undefined) assert.equal(formatHex(encodeCFList(meaning.cfList)), wire.slice(-32));
  });
}

test("the content of a join-accept of another length or CFListType is refused", () => {
  refuses("too_short", () => decodeJoinAccept(new Uint8Array(11)));
  refuses("too_long", () => decodeJoinAccept(new Uint8Array(33)));
  refuses("unsupported_cf_list", () => decodeJoinAccept(parseHex(`${"00".repeat(27)}02`)));
});

test("a join-accept that cannot travel is not built", () => {
  refuses("invalid_value", () => encodeJoinAccept({ ...accept, rxDelay: 16 }));
  refuses("invalid_value", () => encodeJoinAccept({ ...accept, joinNonce: 0x1000000 }));
  const frequencies = [1, 2, 3, 4, 5, 6];
  refuses("invalid_value", () =>
    encodeJoinAccept({ ...accept, cfList: { type: "frequencies", frequencies } }),
  );
});
