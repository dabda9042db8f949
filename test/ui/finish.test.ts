import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { conclude } from '../../src/commands/conclude.ts';
import { silentReporter } from '../../src/common/reporter.ts';

const stream = (isTTY: boolean) => Object.assign(new Writable(), { isTTY });

// On one terminal the result says it; everywhere else the narration and the result are read by different people.
test.each<[boolean, boolean, 'text' | 'json', boolean]>([
  [true, true, 'text', false],
  [true, true, 'json', true],
  [false, true, 'text', true],
  [true, false, 'text', true],
])('stdout terminal %s, stderr terminal %s, %s: told on stderr %s', (out, err, output, told) => {
  const said: string[] = [];
  const reporter = {
    ...silentReporter,
    failure: (text: string) => void said.push(`failure ${text}`),
    hint: (text: string) => void said.push(`hint ${text}`),
  };
  const io = { stdout: stream(out), stderr: stream(err) };
  conclude(io, { output } as never, { reporter }, { exitCode: 4, summary: 'Stopped.', hint: 'Resume.' });
  expect(said).toEqual(told ? ['failure Stopped.', 'hint Resume.'] : []);
});
