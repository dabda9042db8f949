import { expect, it } from 'vitest';
import { createTheme, wantsColor } from '../../src/ui/theme.ts';

// https://no-color.org: any value that is not empty; FORCE_COLOR as in Node.
it.each<[string, boolean, Record<string, string>, boolean | undefined, boolean]>([
  ['a terminal', true, {}, undefined, true],
  ['no terminal', false, {}, undefined, false],
  ['a dumb terminal', true, { TERM: 'dumb' }, undefined, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, undefined, false],
  ['NO_COLOR=0', true, { NO_COLOR: '0' }, undefined, false],
  ['an empty NO_COLOR', true, { NO_COLOR: '' }, undefined, true],
  ['FORCE_COLOR without a terminal', false, { FORCE_COLOR: '1' }, undefined, true],
  ['FORCE_COLOR on a dumb terminal', true, { FORCE_COLOR: '1', TERM: 'dumb' }, undefined, true],
  ['FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, undefined, false],
  ['an empty FORCE_COLOR', false, { FORCE_COLOR: '' }, undefined, false],
  ['NO_COLOR and FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, undefined, false],
  ['--no-color and FORCE_COLOR', true, { FORCE_COLOR: '1' }, false, false],
  ['--color without a terminal', false, {}, true, false],
])('%s', (_what, isTty, env, flag, is) => {
  expect(wantsColor(isTty, env, flag)).toBe(is);
});

it('a theme without colour changes nothing, and one with it changes everything', () => {
  for (const paint of Object.values(createTheme(false))) expect(paint('a')).toBe('a');
  for (const paint of Object.values(createTheme(true))) expect(paint('a')).toMatch(/^.\[\d+ma.\[\d+m$/);
});
