import { describe, expect, test } from 'vitest';
import { tableLines } from '../../src/ui/table.ts';

describe('a table', () => {
  test.each<[string, string[][], ('left' | 'right')[], string[]]>([
    [
      'sets columns two spaces apart',
      [
        ['A', 'B'],
        ['long', 'x'],
      ],
      [],
      ['A     B', 'long  x'],
    ],
    [
      'sets numbers to the right',
      [
        ['N', 'X'],
        ['12', 'y'],
      ],
      ['right'],
      [' N  X', '12  y'],
    ],
    [
      'ends no line in blanks (B17)',
      [
        ['A', 'B'],
        ['x', ''],
      ],
      [],
      ['A  B', 'x'],
    ],
    ['takes rows of different lengths', [['A'], ['x', 'y']], [], ['A', 'x  y']],
    [
      'counts code points, not units',
      [
        ['🚀', 'a'],
        ['xx', 'b'],
      ],
      [],
      ['🚀   a', 'xx  b'],
    ],
    ['is empty without rows', [], [], []],
  ])('%s', (_what, rows, align, lines) => {
    expect(tableLines(rows, align)).toEqual(lines);
  });
});
