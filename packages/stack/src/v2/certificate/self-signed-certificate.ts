import { Buffer } from "node:buffer";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { isIP, SocketAddress } from "node:net";
import type { RandomBytes } from "../../clock/clock.ts";
import {
  type Der,
  encodeBitString,
  encodeBoolean,
  encodeInteger,
  encodeObjectIdentifier,
  encodeOctetString,
  encodeSequence,
  encodeSet,
  encodeTagged,
  encodeTime,
  encodeUtf8String,
} from "./der.ts";

/** A certificate and its private key, as PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Host names and IP addresses. */
  readonly hosts: readonly string[];
  readonly organization: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly randomBytes: RandomBytes;
}

const oids = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  organization: "2.5.4.10",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

const contextTags = { version: 0xa0, extensions: 0xa3, dnsName: 0x82, ipAddress: 0x87 } as const;

/**
 * A certificate for TLS that vouches for itself: V2's clients are told it by discovery and trust exactly this one. It
 * is marked as an authority, since some libraries take no other as a root.
 */
export function createSelfSignedCertificate(request: CertificateRequest): CertificateFiles {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const toBeSigned = certificateBody(request, publicKey);
  const certificate = encodeSequence(
    toBeSigned,
    signatureAlgorithm(),
    encodeBitString(sign("sha256", toBeSigned, privateKey)),
  );
  return {
    cert: formatPem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function certificateBody(request: CertificateRequest, publicKey: KeyObject): Der {
  const name = encodeSequence(
    encodeSet(
      encodeSequence(encodeObjectIdentifier(oids.organization), encodeUtf8String(request.organization)),
    ),
  );
  const version3 = encodeTagged(contextTags.version, encodeInteger(Buffer.of(2)));
  return encodeSequence(
    version3,
    encodeInteger(request.randomBytes(16)),
    signatureAlgorithm(),
    name,
    encodeSequence(encodeTime(request.notBefore), encodeTime(request.notAfter)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    encodeTagged(contextTags.extensions, extensions(request.hosts)),
  );
}

function signatureAlgorithm(): Der {
  return encodeSequence(encodeObjectIdentifier(oids.ecdsaWithSha256));
}

function extensions(hosts: readonly string[]): Der {
  // digitalSignature and keyCertSign, the first and the sixth bit.
  const keyUsage = encodeBitString(Buffer.of(0b1000_0100), 2);
  return encodeSequence(
    extension(oids.keyUsage, keyUsage, { critical: true }),
    extension(oids.extendedKeyUsage, encodeSequence(encodeObjectIdentifier(oids.serverAuth))),
    extension(oids.basicConstraints, encodeSequence(encodeBoolean(true)), { critical: true }),
    extension(oids.subjectAltName, encodeSequence(...hosts.map(generalName))),
  );
}

function extension(oid: string, value: Der, { critical = false } = {}): Der {
  const flag = critical ? [encodeBoolean(true)] : [];
  return encodeSequence(encodeObjectIdentifier(oid), ...flag, encodeOctetString(value));
}

function generalName(host: string): Der {
  return isIP(host) === 0
    ? encodeTagged(contextTags.dnsName, Buffer.from(host, "latin1"))
    : encodeTagged(contextTags.ipAddress, addressBytes(host));
}

/** The 4 bytes of an IPv4 address, the 16 of an IPv6 one. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  // Whatever its spelling, this gives the address without an IPv4 tail and with one gap at most.
  const plain = new SocketAddress({ address, family: "ipv6" }).address;
  const [head = "", tail] = withoutDottedTail(plain).split("::");
  const groupsOf = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const gap = tail === undefined ? [] : new Array<number>(8 - before.length - after.length).fill(0);
  return Buffer.from([...before, ...gap, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`. */
function withoutDottedTail(address: string): string {
  const match = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (match === null) return address;
  const [, head, ...parts] = match;
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
  return `${head}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function formatPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
