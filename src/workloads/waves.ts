import { WAVE } from '../common/annotations.ts';
import { UsageError } from '../common/errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { where } from './parked-annotation.ts';

/**
 * The start-up wave of an object: the integer in its wave annotation, 0 where absent; lower starts first, and
 * negative waves start before everything that says nothing. Throws UsageError when it is not an integer.
 */
export const waveOf = (object: KubeObject): number => {
  const text = object.metadata.annotations?.[WAVE];
  if (text === undefined) return 0;
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${where(object)} has ${WAVE} "${text}", which is not an integer.`, {
    hint: `Set ${WAVE} to an integer such as -1, 0 or 10, or remove it.`,
  });
};
