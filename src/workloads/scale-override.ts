import { SCALE_OVERRIDE } from '../common/annotations.ts';
import { UsageError } from '../common/errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { parseCount, where } from './parked-annotation.ts';

/**
 * The replica count that an object asks to be parked at (warm standby), from its label or else its annotation;
 * `keep` for the count that it runs with at the source, undefined when it asks for nothing. Throws UsageError for any
 * other value: taking it for 0 would silently turn a warm standby off.
 */
export const scaleOverride = (object: KubeObject): number | 'keep' | undefined => {
  const text = overrideText(object);
  if (text === undefined) return undefined;
  if (text === KEEP) return 'keep';
  const count = parseCount(text);
  if (count !== undefined) return count;
  throw new UsageError(
    `${where(object)} has ${SCALE_OVERRIDE} "${text}", which is not a number of replicas.`,
    {
      hint: `Set ${SCALE_OVERRIDE} to 0 or a positive whole number, to "true" to keep the count, or remove it.`,
    },
  );
};

/** Whether an object asks to run pods while it is parked. Never throws. */
export const isWarmStandby = (object: Pick<KubeObject, 'metadata'>): boolean => {
  const text = overrideText(object);
  return text === KEEP || (parseCount(text ?? '') ?? 0) > 0;
};

// As the older tool has it.
const KEEP = 'true';

const overrideText = ({ metadata }: Pick<KubeObject, 'metadata'>): string | undefined =>
  metadata.labels?.[SCALE_OVERRIDE] ?? metadata.annotations?.[SCALE_OVERRIDE];
