import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';

/** `is being deleted since <time>, held by the finalizers a and b`: what there is to say of an object on its way out. */
export const deletionOf = ({ metadata }: KubeObject): string => {
  const holders = metadata.finalizers ?? [];
  const held = holders.length === 0 ? '' : `, held by the finalizers ${nameList(holders)}`;
  return `is being deleted since ${metadata.deletionTimestamp}${held}`;
};
