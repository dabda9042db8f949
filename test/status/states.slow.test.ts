import { describe, expect, test } from 'vitest';
import { judge, STATES } from '../../src/status/judge-status.ts';
import { everything } from '../helpers/all-states.ts';
import { WEB } from '../helpers/status-facts.ts';

const isBad = ({ outcome, ways, decide }: ReturnType<typeof judge>): boolean =>
  outcome !== 'ok' && ways.length === 0 && decide === undefined;

describe('the table of states', () => {
  test('whatever is found, there is a command that leads out, or a sentence that says what a person must decide', {
    timeout: 60_000,
  }, () => {
    let count = 0;
    const seen = new Set<string>();
    for (const facts of everything()) {
      count++;
      const result = judge(facts);
      seen.add(result.state);
      expect(isBad(result), `${result.state}: ${result.summary}`).toBe(false);
      // One look never asks for an acknowledgement, and never names a command that is always refused.
      expect(result.next ?? '').not.toMatch(/--(accept-data-loss|source-given-up|destination-given-up)/);
      const { operation, source } = facts;
      if (!facts.dest.answers) continue;
      const isAtWork = operation?.atWork === 'running' || operation?.atWork === 'stalled';
      if (operation !== undefined && !isAtWork && facts.found.dest !== 'present') {
        // Whatever goes on without its record would write another one.
        expect(result.summary).toMatch(/unfinished.* The record of the destination is (missing|damaged)/);
        expect(result.next).toMatch(/^dr-syncer repair [^|]*$/);
      }
      if (operation?.kind === 'fence') expect(result.next ?? '').not.toContain('dr-syncer rollback');
      if (operation?.isUndone === true) expect(result.next ?? '').not.toContain('dr-syncer resume');
      if (source?.pods === WEB && facts.dest.pods === WEB && facts.record !== undefined)
        expect(result.summary).toMatch(/^BOTH SIDES RUN/);
    }
    expect(count).toBeGreaterThan(10_000);
    expect(STATES.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
  });

  test('the rows have names of their own', () => {
    expect(new Set(STATES.map(({ id }) => id)).size).toBe(STATES.length);
  });
});
