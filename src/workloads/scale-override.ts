import { SCALE_OVERRIDE } from '../annotations.ts';
import { UsageError } from '../errors.ts';
import type { KubeObject } from '../kube/types.ts';
import { parseCount, where } from './record.ts';

/**
 * The replica count that an object asks to be parked at (warm standby), from its label or else its annotation;
 * undefined when it asks for nothing. Throws UsageError when the value is not a replica count: taking it for 0 would
 * silently turn a warm standby off.
 */
export const scaleOverride = (object: KubeObject): number | undefined => {
  const { labels, annotations } = object.metadata;
  const text = labels?.[SCALE_OVERRIDE] ?? annotations?.[SCALE_OVERRIDE];
  if (text === undefined) return undefined;
  const count = parseCount(text);
  if (count !== undefined) return count;
  throw new UsageError(
    `${where(object)} has ${SCALE_OVERRIDE} "${text}", which is not a number of replicas.`,
    {
      hint: `Set ${SCALE_OVERRIDE} to 0 or a positive whole number, or remove it.`,
    },
  );
};
