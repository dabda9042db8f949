import { describe, expect, test } from 'vitest';
import { amountOf, amountsOf, amountText } from '../../src/needs/resource-amounts.ts';

const ONE = 10n ** 9n;

describe('an amount for people', () => {
  test.each<[string, string, string]>([
    ['cpu', '2', '2'],
    ['cpu', '1500m', '1500m'],
    ['requests.cpu', '100m', '100m'],
    ['limits.cpu', '0', '0'],
    ['memory', '512', '512'],
    ['memory', '1023', '1023'],
    ['memory', '1Ki', '1Ki'],
    ['requests.memory', '2560Mi', '2.5Gi'],
    ['memory', '1G', '953.7Mi'],
    ['requests.storage', '3Ti', '3Ti'],
    ['hugepages-2Mi', '4Mi', '4Mi'],
    ['nvidia.com/gpu', '3', '3'],
    ['pods', '10', '10'],
    ['count/deployments.apps', '7', '7'],
    ['memory', '-2Gi', '-2Gi'],
  ])('%s: %s is %s', (name, quantity, text) => {
    expect(amountText(name, amountOf(quantity) ?? 0n)).toBe(text);
  });
});

test('what is no quantity is left out', () => {
  expect(amountsOf({ cpu: '1', memory: 'much', pods: 3, gpu: null, list: [] })).toEqual({
    cpu: ONE,
    pods: 3n * ONE,
  });
  expect([amountsOf(undefined), amountsOf('x'), amountOf(undefined), amountOf('')]).toEqual([
    {},
    {},
    undefined,
    undefined,
  ]);
});
