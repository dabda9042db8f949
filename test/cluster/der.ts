/** The few ASN.1 DER pieces an X.509 certificate is made of (ITU-T X.690). */
export const der = {
  sequence: (...parts: readonly Buffer[]): Buffer => tlv(0x30, parts),
  set: (...parts: readonly Buffer[]): Buffer => tlv(0x31, parts),
  integer: (value: Buffer): Buffer => tlv(0x02, [positive(value)]),
  boolean: (value: boolean): Buffer => tlv(0x01, [Buffer.from([value ? 0xff : 0])]),
  octets: (value: Buffer): Buffer => tlv(0x04, [value]),
  bits: (value: Buffer, unusedBits = 0): Buffer => tlv(0x03, [Buffer.from([unusedBits]), value]),
  text: (value: string): Buffer => tlv(0x0c, [Buffer.from(value, 'utf8')]),
  time: (value: Date): Buffer =>
    tlv(0x18, [Buffer.from(value.toISOString().replace(/[-:T]|\.\d+/g, ''), 'ascii')]),
  oid: (dotted: string): Buffer => tlv(0x06, [oidBody(dotted)]),
  /** A context-specific tag that wraps other values. */
  wrapped: (number: number, ...parts: readonly Buffer[]): Buffer => tlv(0xa0 + number, parts),
  /** A context-specific tag that holds raw bytes. */
  tagged: (number: number, value: Buffer): Buffer => tlv(0x80 + number, [value]),
} as const;

function tlv(tag: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) {
    return Buffer.from([length]);
  }
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 + bytes.length]), bytes]);
}

// DER integers are signed: a leading bit of 1 would read as a negative number.
function positive(value: Buffer): Buffer {
  return (value[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value;
}

function oidBody(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return Buffer.from([first * 40 + second, ...rest.flatMap(base128)]);
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) {
    digits.unshift((left & 0x7f) | 0x80);
  }
  return digits;
}
