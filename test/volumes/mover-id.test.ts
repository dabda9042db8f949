import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moverId } from '../../src/volumes/mover-id.ts';

describe('moverId', () => {
  it('D30: is what pv-migrate accepts, whatever the operation and the claim are called', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1 }),
        (operation, claim, attempt) => {
          const id = moverId(operation, claim, attempt);
          expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
          expect(id.length).toBeLessThanOrEqual(24);
          expect(moverId(operation, claim, attempt)).toBe(id);
        },
      ),
    );
  });

  it('D30: differs by operation, namespace, claim and attempt', () => {
    const ids = [
      moverId('op-1', 'shop/data', 1),
      moverId('op-2', 'shop/data', 1),
      moverId('op-1', 'shop2/data', 1),
      moverId('op-1', 'shop/data2', 1),
      moverId('op-1', 'shop/data', 2),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('does not collide for 20000 claims of one operation', () => {
    const ids = new Set(Array.from({ length: 20_000 }, (_, index) => moverId('op', `ns/data-${index}`, 1)));
    expect(ids.size).toBe(20_000);
  });

  it('D30: keeps the Helm release names of the mover within 53 characters', () => {
    const id = moverId('cutover-2026-11-24', 'shop/a-claim-with-a-rather-long-name', 12);
    expect(`pv-migrate-${id}-loadbalancer-dest`.length).toBeLessThanOrEqual(53);
  });

  it('shows the claim to a human reader', () => {
    expect(moverId('op', 'shop/data-pg-0', 1)).toMatch(/^dr-datapg0-[0-9a-f]{11}$/);
  });
});
