import { describe, expect, test } from 'vitest';
import { planRepair } from '../../src/repair/repair-plan.ts';
import { everyGiven } from './every-given.ts';
import { afterwards, factsOf, told } from './facts.ts';
import { NOTHING } from './table.ts';

describe('whatever is found', () => {
  test('nothing is asked that no answer settles, a plan holds once it is written, and no epoch goes down', () => {
    let count = 0;
    for (const given of everyGiven()) {
      count++;
      const shown = JSON.stringify(given);
      const verdict = planRepair(factsOf(given));
      if ('decide' in verdict) {
        expect(given.live, shown).toBeUndefined();
        for (const live of ['source', 'dest'] as const)
          expect(planRepair(factsOf({ ...given, live })), shown).toHaveProperty('plan');
        continue;
      }
      if ('refuse' in verdict) {
        expect(given.live, shown).toBeDefined();
        expect(planRepair(factsOf({ ...given, live: undefined })), shown).toHaveProperty('plan');
        continue;
      }
      const { record: next, mirror } = verdict.plan;
      const known = [given.dest, given.source].flatMap((found) =>
        found === undefined || found === 'damaged' || found.destGivenUp !== undefined ? [] : [found.epoch],
      );
      if (mirror !== undefined) expect(mirror.epoch, shown).toBeGreaterThanOrEqual(Math.max(0, ...known));
      if (next?.operation !== undefined) expect(next.phase, shown).not.toBe('fenced');
      // What a person has said of the live side may bring more to light, once.
      const once = { ...given, ...afterwards(given), live: undefined };
      const twice = { ...once, ...afterwards(once) };
      expect(told(given.live === undefined ? once : twice), shown).toBe(NOTHING);
    }
    expect(count).toBeGreaterThan(2000);
  });
});
