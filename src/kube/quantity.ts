const NANO = 9;

const POWERS_OF_TEN: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const POWERS_OF_1024: Readonly<Record<string, bigint>> = { Ki: 1n, Mi: 2n, Gi: 3n, Ti: 4n, Pi: 5n, Ei: 6n };

const QUANTITY = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/;

/**
 * A Kubernetes quantity in billionths (10^-9) of its unit, exactly: `1Gi` gives 1073741824 * 10^9, `500m` gives
 * 5 * 10^8. What is finer than a billionth is rounded away from zero, as the API server does it. Use
 * wholeUnits() for bytes. Throws RangeError when the text is not a quantity. The grammar is the one in the comment
 * of resource.Quantity in kubernetes/apimachinery.
 */
export const parseQuantity = (text: string): bigint => {
  const match = QUANTITY.exec(text);
  if (match === null)
    throw new RangeError(`"${text}" is not a Kubernetes quantity such as 10Gi, 500m or 1e3.`);
  const [, sign, digits = '', suffix = '', exponent] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const factor = 1024n ** (POWERS_OF_1024[suffix] ?? 0n);
  const power = exponent === undefined ? (POWERS_OF_TEN[suffix] ?? 0) : Number(exponent);
  const nanos = scaled(BigInt(whole + fraction) * factor, power - fraction.length + NANO);
  return sign === '-' ? -nanos : nanos;
};

/** A quantity in whole units (bytes of storage), rounded away from zero as the API server does it. Throws RangeError. */
export const wholeUnits = (text: string): bigint => {
  const nanos = parseQuantity(text);
  return nanos < 0n ? -ceilingDivide(-nanos, 10n ** 9n) : ceilingDivide(nanos, 10n ** 9n);
};

/** Orders two quantities by size: negative when a is smaller, 0 when they are equal. Throws RangeError. */
export const compareQuantities = (a: string, b: string): number => {
  const difference = parseQuantity(a) - parseQuantity(b);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
};

const scaled = (value: bigint, power: number): bigint =>
  power >= 0 ? value * 10n ** BigInt(power) : ceilingDivide(value, 10n ** BigInt(-power));

const ceilingDivide = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;
