import type { Json } from '../kube/api-types.ts';
import { parseQuantity } from '../kube/quantity.ts';
import { isObject, own } from '../kube/raw-json.ts';

/** Amounts of resources by name (`cpu`, `memory`, `nvidia.com/gpu`), in billionths of their unit. */
export type Amounts = Readonly<Record<string, bigint>>;

/** The amounts of a Kubernetes resource list. What is no quantity is left out: the server refuses it by itself. */
export const amountsOf = (list: Json | undefined): Amounts =>
  Object.fromEntries(
    Object.entries(isObject(list) ? list : {}).flatMap(([name, value]): [string, bigint][] => {
      const amount = amountOf(value);
      return amount === undefined ? [] : [[name, amount]];
    }),
  );

/** One quantity in billionths, or undefined when it is none. */
export const amountOf = (value: Json | undefined): bigint | undefined => {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    return parseQuantity(String(value));
  } catch {
    return undefined;
  }
};

export const addAmounts = (a: Amounts, b: Amounts): Amounts => combine(a, b, (x, y) => x + y);

export const maxAmounts = (a: Amounts, b: Amounts): Amounts => combine(a, b, larger);

export const timesAmounts = (amounts: Amounts, count: number): Amounts =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, amount * BigInt(count)]));

/** An amount for people: `1500m` of CPU, `2.5Gi` of memory or storage, a plain number of anything else. */
export const amountText = (name: string, nanos: bigint): string => {
  if (nanos < 0n) return `-${amountText(name, -nanos)}`;
  if (/(^|\.)cpu$/.test(name)) return nanos % ONE === 0n ? String(nanos / ONE) : `${nanos / (ONE / 1000n)}m`;
  if (!/memory|storage|hugepages/.test(name)) return String(nanos / ONE);
  const bytes = nanos / ONE;
  const unit = BYTE_UNITS.find(({ size }) => bytes >= size);
  if (unit === undefined) return String(bytes);
  const tenths = (bytes * 10n + unit.size / 2n) / unit.size;
  return `${tenths / 10n}${tenths % 10n === 0n ? '' : `.${tenths % 10n}`}${unit.name}`;
};

const ONE = 10n ** 9n;

// Math.max takes no bigint.
const larger = (x: bigint, y: bigint): bigint => {
  if (x > y) return x;
  return y;
};

const BYTE_UNITS = [
  { name: 'Ti', size: 2n ** 40n },
  { name: 'Gi', size: 2n ** 30n },
  { name: 'Mi', size: 2n ** 20n },
  { name: 'Ki', size: 2n ** 10n },
];

const combine = (a: Amounts, b: Amounts, join: (x: bigint, y: bigint) => bigint): Amounts => {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, join(own(a, name) ?? 0n, own(b, name) ?? 0n)]));
};
