import { join } from 'node:path';
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { OutStream } from '../../../src/ui/io.ts';
import { writeResult } from '../../../src/ui/output.ts';
import { renderMove } from '../../../src/ui/render/render-move.ts';
import { renderPreflight } from '../../../src/ui/render/render-preflight.ts';
import { renderRepair } from '../../../src/ui/render/render-repair.ts';
import { renderStage } from '../../../src/ui/render/render-stage.ts';
import { renderHistory, renderStatus } from '../../../src/ui/render/render-status.ts';
import { createTheme, type Theme } from '../../../src/ui/theme.ts';
import { MOVES, PREFLIGHTS, REPAIRS } from './samples/move.ts';
import { PLAN, STAGE } from './samples/stage.ts';
import { HISTORIES, STATUSES } from './samples/status.ts';

type Shown = (io: { readonly stdout: OutStream }, theme: Theme) => Promise<void>;

// As the commands do it: what comes from a cluster is made safe on the way to the renderer.
const shown =
  <T extends object>(render: (value: T, theme: Theme) => string) =>
  ([name, result]: readonly [string, T]): [string, Shown] => [
    name,
    (io, theme) => writeResult(io, 'text', result, (value) => render(value, theme)),
  ];

const SHOWN: readonly [string, Shown][] = [
  ...Object.entries({ 'stage-partial': STAGE, 'stage-plan': PLAN }).map(shown(renderStage)),
  ...Object.entries(MOVES).map(shown(renderMove)),
  ...Object.entries(PREFLIGHTS).map(shown(renderPreflight)),
  ...Object.entries(STATUSES).map(shown(renderStatus)),
  ...Object.entries(REPAIRS).map(shown(renderRepair)),
  ...Object.entries(HISTORIES).map(shown(renderHistory)),
];

const textOf = async (show: Shown, color: boolean, columns: number): Promise<string> => {
  const parts: string[] = [];
  const stream = new Writable({
    write: (part: Buffer, _encoding, done) => {
      parts.push(part.toString());
      done();
    },
  });
  await show({ stdout: Object.assign(stream, { isTTY: true, columns }) }, createTheme(color));
  return parts.join('');
};

const golden = (file: string): string => join(import.meta.dirname, 'golden', file);
const LINES = /(?<=\n)/;
const ESCAPE = String.fromCharCode(27);
const OPENED = new RegExp(`${ESCAPE}\\[(?:1|2|3[0-8])m`, 'g');
const CLOSED = new RegExp(`${ESCAPE}\\[(?:22|39)m`, 'g');

describe.each(SHOWN)('%s', (name, show) => {
  it('is the text of its golden file', async () => {
    await expect(await textOf(show, false, 80)).toMatchFileSnapshot(golden(`${name}.txt`));
  });

  it('is that of its golden file in colour', async () => {
    await expect(await textOf(show, true, 80)).toMatchFileSnapshot(golden(`${name}.color.txt`));
  });

  it.each([60, 80, 120])(
    'is the same on %i columns: the terminal wraps, and a pasted command stays whole',
    async (columns) => {
      expect(await textOf(show, false, columns)).toBe(await textOf(show, false, 0));
    },
  );

  it('says the same with and without colour, and each colour ends on its line', async () => {
    const [plain, color] = [await textOf(show, false, 80), await textOf(show, true, 80)];
    expect(stripVTControlCharacters(color)).toBe(plain);
    for (const line of color.split(LINES)) {
      const opened = line.match(OPENED) ?? [];
      const closed = line.match(CLOSED) ?? [];
      expect(closed, line).toHaveLength(opened.length);
    }
  });

  it('has no blanks at the end of a line, no two empty lines in a row, no doubled word, and one end', async () => {
    const text = await textOf(show, false, 80);
    expect(text).not.toMatch(/[^\S\n]$/m);
    expect(text).not.toMatch(/\n\n\n/);
    expect(text).not.toMatch(/\b([a-z]+) \1\b/i);
    expect(text).toMatch(/[^\n]\n$/);
  });

  it('says no whole sentence twice', async () => {
    const lines = (await textOf(show, false, 80))
      .split('\n')
      .map((line) => line.replace(/^[!\s]+/, ''))
      .filter((line) => line.endsWith('.'));
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('lets no control character of a cluster through', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(await textOf(show, false, 80)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
