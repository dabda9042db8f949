import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/common/exit-codes.ts';
import { MODES, MODES_PAGE, modesProvedIn, modesText, readModes } from './failure-modes.ts';

const proved = modesProvedIn();
const rows = readModes(readFileSync(MODES_PAGE, 'utf8'));
const codes: number[] = Object.values(EXIT_CODES).map(({ code }) => code);

describe('what can go wrong in a move', () => {
  it.each(MODES)('%s has a test on two clusters', (id) => {
    expect(proved.get(id) ?? []).not.toEqual([]);
  });

  it('is all in the table, once and in order, with sentences and exit codes that exist', () => {
    expect(rows.map(({ id }) => id)).toEqual(MODES);
    expect(rows.filter(({ what }) => !/^[A-Z].*\. \| [A-Z`].*\. \| [\d, ]+$/.test(what))).toEqual([]);
    expect(rows.flatMap(({ exits }) => exits).filter((code) => !codes.includes(code))).toEqual([]);
  });

  it('is proved where the table says; node scripts/rules.ts writes it anew', () => {
    expect(rows.map(({ id, proved: said }) => `${id}: ${said}`)).toEqual(
      MODES.map((id) => `${id}: ${modesText(proved.get(id))}`),
    );
  });
});
