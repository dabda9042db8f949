import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareQuantities, parseQuantity, wholeUnits } from '../../src/kube/quantity.ts';

const NANO = 10n ** 9n;

describe('parseQuantity', () => {
  it.each([
    ['0', 0n],
    ['1', NANO],
    ['+7', 7n * NANO],
    ['-3', -3n * NANO],
    ['1Ki', 1024n * NANO],
    ['10Mi', 10n * 1024n ** 2n * NANO],
    ['10Gi', 10n * 1024n ** 3n * NANO],
    ['2Ti', 2n * 1024n ** 4n * NANO],
    ['3Pi', 3n * 1024n ** 5n * NANO],
    ['8Ei', 8n * 1024n ** 6n * NANO],
    ['500m', 5n * 10n ** 8n],
    ['250u', 250_000n],
    ['7n', 7n],
    ['2k', 2000n * NANO],
    ['2M', 2n * 10n ** 15n],
    ['1.5G', 15n * 10n ** 17n],
    ['1T', 10n ** 21n],
    ['1P', 10n ** 24n],
    ['1E', 10n ** 27n],
    ['1e3', 1000n * NANO],
    ['1E3', 1000n * NANO],
    ['12e-3', 12n * 10n ** 6n],
    ['1.5Gi', 1_610_612_736n * NANO],
    ['0.1Ki', 1024n * 10n ** 8n],
    ['.5', 5n * 10n ** 8n],
    ['5.', 5n * NANO],
    ['9007199254740993', 9_007_199_254_740_993n * NANO],
  ])('reads %s exactly', (text, nanos) => {
    expect(parseQuantity(text)).toBe(nanos);
  });

  it('rounds what is finer than a billionth away from zero, as the API server does', () => {
    expect(parseQuantity('0.1n')).toBe(1n);
    expect(parseQuantity('-0.1n')).toBe(-1n);
  });

  it.each(['', 'Gi', '1 Gi', '1GiB', '1K', '1ki', '1e', '1.2.3', '--1', '1e3Ki', '0x10', 'NaN', '.'])(
    'rejects %j',
    (text) => {
      expect(() => parseQuantity(text)).toThrow(RangeError);
    },
  );
});

describe('wholeUnits', () => {
  it.each([
    ['10Gi', 10_737_418_240n],
    ['0.5', 1n],
    ['1500m', 2n],
    ['-1500m', -2n],
    ['0', 0n],
  ])('gives %s as %s bytes, rounded away from zero', (text, bytes) => {
    expect(wholeUnits(text)).toBe(bytes);
  });
});

describe('compareQuantities', () => {
  it.each([
    ['1Gi', '1G', 1],
    ['1Gi', '1024Mi', 0],
    ['1000m', '1', 0],
    ['1e3', '1k', 0],
    ['999Mi', '1Gi', -1],
    ['-1', '0', -1],
    ['1E', '1e18', 0],
  ])('orders %s against %s', (a, b, order) => {
    expect(compareQuantities(a, b)).toBe(order);
  });

  it('tells sizes apart that a double cannot', () => {
    expect(compareQuantities('9007199254740993', '9007199254740992')).toBe(1);
  });

  it('orders plain integers as numbers are ordered', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
        expect(compareQuantities(String(a), String(b))).toBe(Math.sign(a - b));
      }),
    );
  });
});
