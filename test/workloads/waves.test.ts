import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import { waveOf } from '../../src/workloads/waves.ts';
import { object } from '../helpers/objects.ts';

const inWave = (name: string, wave?: string) =>
  object('apps/v1', 'Deployment', name, {
    metadata: wave === undefined ? {} : { annotations: { 'dr-syncer.io/wave': wave } },
  });

describe('start-up waves', () => {
  test.each([
    [undefined, 0],
    ['0', 0],
    ['10', 10],
    ['-5', -5],
  ])('Waves: the annotation %s is wave %i', (text, wave) => {
    expect(waveOf(inWave('web', text))).toBe(wave);
  });

  test.each(['', 'first', '1.5', '1e3', ' 1', '--1', '99999999999'])(
    'Waves: the annotation %j is an error that names the object',
    (text) => {
      expect(() => waveOf(inWave('web', text))).toThrow(UsageError);
      expect(() => waveOf(inWave('web', text))).toThrow(/Deployment web in namespace shop/);
    },
  );
});
