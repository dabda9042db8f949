import { kubectl } from '../../../command-line.ts';
import { objectName } from '../../../kube/names.ts';
import { nameList } from '../../../sentences.ts';
import { keyOfObject } from '../../move/baseline.ts';
import { foreignStash, stashedObject } from '../../stage/stash.ts';
import { row, whereIs } from '../sentences.ts';
import type { CheckContext, CheckRow, PreflightCheck } from '../types.ts';

/**
 * Whether the manifests from which the start creates custom resources are ours. Everybody who may edit the namespace can
 * write a ConfigMap that looks like one.
 */
export const checkStash: CheckRow = {
  id: 'stash',
  passed: 'What is created at the start is what was staged.',
  run: (context) => {
    if (context.input.kind === 'failback') return [];
    return [...foreign(context), ...unknown(context), ...announced(context)];
  },
};

const foreign = ({ to }: CheckContext): PreflightCheck[] =>
  to.records.flatMap((record) => {
    const why = foreignStash(record);
    if (why === undefined) return [];
    const subject = `ConfigMap ${record.metadata.name}`;
    return [
      row(
        'stash',
        'refuse',
        subject,
        `${subject} in ${whereIs(to.side)} is marked as a manifest that dr-syncer keeps, but ${why}.`,
        `Find out who made it, then delete it: ${kubectl(to.side, 'delete', `configmap/${record.metadata.name}`)}`,
      ),
    ];
  });

// After a stage, what it keeps is in its plan, whether it is written anew or not.
const unknown = ({ input, to, copy }: CheckContext): PreflightCheck[] => {
  if (input.kind !== 'cutover' || copy === undefined) return [];
  const kept = new Set(
    copy.prepared.flatMap(({ item }) => (item === undefined ? [] : item.whole.metadata.name)),
  );
  // The stage sees that they are over, or ignored by now, and marks their manifests.
  const left = new Set(
    copy.prepared.flatMap(({ verdict, source }) => (verdict.kind === 'skip' ? [keyOfObject(source)] : [])),
  );
  return to.records.flatMap((record) => {
    const object = stashedObject(record);
    if (object === undefined || kept.has(record.metadata.name) || left.has(keyOfObject(object))) return [];
    return [
      row(
        'stash',
        'refuse',
        objectName(object),
        `${objectName(object)} is kept as a manifest in ${whereIs(to.side)} (ConfigMap ${record.metadata.name}), and is not in the source.`,
        `If it is gone from the source on purpose, delete the manifest: ${kubectl(to.side, 'delete', `configmap/${record.metadata.name}`)}`,
      ),
    ];
  });
};

// The source cannot be asked: whoever confirms the failover must see what it makes.
const announced = ({ input, stashed, to }: CheckContext): PreflightCheck[] => {
  if (input.kind !== 'failover' || stashed.length === 0) return [];
  const once = [...new Map(stashed.map((object) => [keyOfObject(object), object])).values()];
  return [
    row(
      'stash',
      'warn',
      whereIs(to.side),
      `These are created from manifests that were kept in ${whereIs(to.side)}: ${nameList(once.map(objectName), 20)}.`,
    ),
  ];
};
