import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { provedIn, provedText, RULES, RULES_PAGE, readRows, rulesOfPipeline } from './rules.ts';

const proved = provedIn();
const rows = readRows(readFileSync(RULES_PAGE, 'utf8'));

describe('the rules of the copy', () => {
  it.each(RULES)('%s has a test', (rule) => {
    expect(proved.get(rule) ?? []).not.toEqual([]);
  });

  it('are all in the table, once, with a sentence', () => {
    expect(rows.map(({ rule }) => rule)).toEqual(RULES);
    expect(rows.filter(({ what }) => !/^[A-Z`].*\.$/.test(what))).toEqual([]);
  });

  it('are proved where the table says; node scripts/rules.ts writes it anew', () => {
    expect(rows.map(({ rule, proved: said }) => `${rule}: ${said}`)).toEqual(
      RULES.map((rule) => `${rule}: ${provedText(proved.get(rule))}`),
    );
  });

  it('are the only ones that tests and pipeline name', () => {
    expect([...proved.keys()].filter((rule) => !RULES.includes(rule))).toEqual([]);
    expect(rulesOfPipeline().filter((rule) => !RULES.includes(rule))).toEqual([]);
  });
});
