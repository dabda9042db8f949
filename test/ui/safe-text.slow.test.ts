import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { reportError } from '../../src/commands/report-error.ts';
import { RefusedError } from '../../src/common/errors.ts';
import { humanReporter } from '../../src/ui/human.ts';
import { jsonLinesReporter, withEvents } from '../../src/ui/json-lines.ts';
import { OUTPUTS, writeResult } from '../../src/ui/output.ts';
import { safeJson, safeLine, safeLines, safeStrings } from '../../src/ui/safe-text.ts';
import { createTheme } from '../../src/ui/theme.ts';

// Everything that a terminal acts upon, or that changes how a line reads.
const RAW = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const ATTACKS: readonly (readonly [name: string, text: string, shown: string])[] = [
  [
    'a link (OSC 8)',
    '\x1b]8;;https://evil.example\x1b\\web\x1b]8;;\x1b\\',
    '\\u001b]8;;https://evil.example\\u001b\\web\\u001b]8;;\\u001b\\',
  ],
  ['the clipboard (OSC 52)', '\x1b]52;c;Y3VybA==\x07', '\\u001b]52;c;Y3VybA==\\u0007'],
  ['a title by C1', '\x9d0;x\x9c', '\\u009d0;x\\u009c'],
  ['a line painted over', 'failed\r✔ done', 'failed\\r✔ done'],
  ['a line of its own', 'shop\n✔ The application runs', 'shop\\n✔ The application runs'],
  ['a word turned round', 'user\u202etxt.exe\u202c', 'user\\u202etxt.exe\\u202c'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['an invisible one', 'sh\u200bop', 'sh\\u200bop'],
  ['a tag beyond the BMP', 'a\u{e0041}', 'a\\udb40\\udc41'],
  ['half a character', 'a\ud800', 'a\\ud800'],
  ['line separators', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['erased by DEL and BS', 'a\x7f\x08', 'a\\u007f\\u0008'],
  ['plain words of any script', 'Größe ✔ 漢字 क्‍ष', 'Größe ✔ 漢字 क्‍ष'],
];

const sink = (): { stream: Writable; text(): string } => {
  let text = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
};
const now = (): Date => new Date(0);

describe('text from outside', () => {
  test.each(ATTACKS)('S5: shows %s', (_name, text, shown) => {
    expect(safeLine(text)).toBe(shown);
  });

  test('S5: keeps the line ends of a text of ours, and nothing else', () => {
    expect(safeLines('a\nb\r\x1b')).toBe('a\nb\\r\\u001b');
  });

  test('S5: is safe in every string and key of a value, however deep', () => {
    const value = { list: [{ 'k\x1b': 'v\u202e' }], roleYaml: { dest: 'a\nb\x07' }, n: 1, none: null };
    expect(safeStrings(value, new Set(['roleYaml']))).toEqual({
      list: [{ 'k\\u001b': 'v\\u202e' }],
      roleYaml: { dest: 'a\nb\\u0007' },
      n: 1,
      none: null,
    });
  });

  test('S5: is the same JSON when it is parsed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const written = safeJson({ value, text, [text]: 1 }, 2);
        expect(RAW.test(written)).toBe(false);
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify({ value, text, [text]: 1 })));
      }),
    );
  });
});

describe.each(ATTACKS)('where a cluster holds %s', (_name, text) => {
  test('S5: narration shows it for people and in JSON lines', () => {
    for (const level of ['debug', 'info'] as const) {
      const { stream, text: told } = sink();
      const human = humanReporter({ stream, theme: createTheme(false), level, now });
      for (const reporter of [human, jsonLinesReporter(stream, level, now)]) {
        for (const say of ['action', 'waiting', 'success', 'warning', 'failure', 'hint', 'debug'] as const)
          reporter[say](`It says ${text}.`);
      }
      withEvents(human, stream, now).event('step', { name: text, seconds: 1.23456 });
      expect(told()).not.toMatch(RAW);
      expect(told()).toContain(safeLine(text));
      expect(told()).toContain('"seconds":1.235');
      expect(told().trim().split('\n')).toHaveLength(level === 'debug' ? 15 : 13);
    }
  });

  test('S5: each form of a result shows it, and the documents mean the same', async () => {
    const result = { summary: text, rows: [{ name: text }], [`k${text}`]: text };
    for (const output of OUTPUTS) {
      const { stream, text: told } = sink();
      await writeResult({ stdout: stream }, output, result, (value) => `${value.summary}\n`);
      expect(told(), output).not.toMatch(RAW);
      if (output === 'text') expect(told()).toBe(`${safeLine(text)}\n`);
      if (output === 'json') expect(JSON.parse(told())).toEqual(result);
      if (output === 'ndjson') expect(JSON.parse(told())).toEqual({ event: 'result', ...result });
      if (output === 'yaml' && !text.includes('\ud800')) expect(parse(told())).toEqual(result);
    }
  });

  test('S5: an error, its hint and its stack show it', async () => {
    for (const thrown of [new RefusedError(`No ${text}.`, { hint: `Not ${text}.` }), new Error(text)]) {
      for (const argv of [[], ['--log-format', 'json'], ['--log-level', 'debug', '-o', 'json']]) {
        const { stream, text: told } = sink();
        await reportError(thrown, argv, { stdout: stream, stderr: stream, env: {} } as never);
        expect(told()).not.toMatch(RAW);
        if (argv.length === 0) expect(told()).toContain(safeLine(text));
      }
    }
  });
});
