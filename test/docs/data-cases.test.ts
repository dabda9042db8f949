import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CASES_PAGE, casesProvedIn, casesText, readCases } from './data-cases.ts';

const proved = casesProvedIn();
const rows = readCases(readFileSync(CASES_PAGE, 'utf8'));

describe('the cases of the data copy', () => {
  it('are numbered from 1 without a gap, each with a sentence', () => {
    expect(rows.map(({ id }) => id)).toEqual(rows.map((_row, index) => `D${index + 1}`));
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter(({ what }) => !/^[A-Z`].*\.$/.test(what))).toEqual([]);
  });

  it.each(rows)('$id has a test', ({ id }) => {
    expect(proved.get(id) ?? []).not.toEqual([]);
  });

  it('are proved where the table says; node scripts/rules.ts writes it anew', () => {
    expect(rows.map(({ id, proved: said }) => `${id}: ${said}`)).toEqual(
      rows.map(({ id }) => `${id}: ${casesText(proved.get(id))}`),
    );
  });

  it('are the only ones that tests name', () => {
    const known = new Set(rows.map(({ id }) => id));
    expect([...proved.keys()].filter((id) => !known.has(id))).toEqual([]);
  });
});
