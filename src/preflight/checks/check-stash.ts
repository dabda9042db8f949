import { kubectl } from '../../common/command-line.ts';
import { nameList } from '../../common/sentences.ts';
import { mapBounded } from '../../kube/map-bounded.ts';
import { groupOf, objectKey, objectName, typeName } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { preferredTypes } from '../../pipeline/choose-types.ts';
import { foreignStash, stashedObject, stashKept } from '../../pipeline/stash.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';
import { readIfAllowed } from '../read-if-allowed.ts';

/**
 * Whether the manifests from which the start creates custom resources are ours. Everybody who may edit the namespace can
 * write a ConfigMap that looks like one.
 */
export const checkStash: CheckRow = {
  id: 'stash',
  passed: 'What is created at the start is what was staged.',
  run: (context) => {
    if (context.input.kind === 'failback') return leftThere(context);
    return [...foreign(context), ...unknown(context), ...announced(context)];
  },
};

// Nothing that is known stops them, and nothing is deleted.
const leftThere = async ({ from, input }: CheckContext): Promise<Finding[]> => {
  if (from === undefined) return [];
  const { side } = from;
  const types = [...preferredTypes(side.discovery).values()];
  const kept = from.records.flatMap((record) => stashKept(record) ?? []);
  const rows = await mapBounded(kept, LOOK_UPS, async (object) => {
    const type = types.find((item) => item.kind === object.kind && item.group === groupOf(object.apiVersion));
    const { name } = object.metadata;
    const live = type && (await readIfAllowed(side, { type, name }, input.signal));
    if (type === undefined || live === undefined) return [];
    return [
      finding(
        'stash',
        'warn',
        objectName(object),
        `${objectName(object)} in ${whereIs(side)} was created from its manifest when the application was started there. The failback does not stop it, and its operator may act on it beside the other side.`,
        `Pause it by hand, or delete it after the failback: ${kubectl(side, 'delete', `${typeName(type)}/${name}`)}`,
      ),
    ];
  });
  return rows.flat();
};

const LOOK_UPS = 4;

const foreign = ({ to }: CheckContext): Finding[] =>
  to.records.flatMap((record) => {
    const why = foreignStash(record);
    if (why === undefined) return [];
    const subject = `ConfigMap ${record.metadata.name}`;
    return [
      finding(
        'stash',
        'refuse',
        subject,
        `${subject} in ${whereIs(to.side)} is marked as a manifest that dr-syncer keeps, but ${why}.`,
        `Find out who created it, then delete it: ${kubectl(to.side, 'delete', `configmap/${record.metadata.name}`)}`,
      ),
    ];
  });

// After a stage, what it keeps is in its plan, whether it is written anew or not.
const unknown = ({ input, to, copy }: CheckContext): Finding[] => {
  if (input.kind !== 'cutover' || copy === undefined) return [];
  const kept = new Set(
    copy.prepared.flatMap(({ item }) => (item === undefined ? [] : item.whole.metadata.name)),
  );
  // The stage sees that they are over, or ignored by now, and marks their manifests.
  const left = new Set(
    copy.prepared.flatMap(({ verdict, source }) => (verdict.kind === 'skip' ? [objectKey(source)] : [])),
  );
  return to.records.flatMap((record) => {
    const object = stashedObject(record);
    if (object === undefined || kept.has(record.metadata.name) || left.has(objectKey(object))) return [];
    return [
      finding(
        'stash',
        'refuse',
        objectName(object),
        `${objectName(object)} is kept as a manifest in ${whereIs(to.side)} (ConfigMap ${record.metadata.name}), but does not exist at the source.`,
        `If it was removed from the source on purpose, delete the manifest: ${kubectl(to.side, 'delete', `configmap/${record.metadata.name}`)}`,
      ),
    ];
  });
};

// The source cannot be asked: whoever confirms the failover must see what it makes.
const announced = ({ input, stashed, to }: CheckContext): Finding[] => {
  if (input.kind !== 'failover' || stashed.length === 0) return [];
  const once = [...new Map(stashed.map((object) => [objectKey(object), object])).values()];
  return [
    finding(
      'stash',
      'warn',
      whereIs(to.side),
      `These objects are created from manifests kept in ${whereIs(to.side)}: ${nameList(once.map(objectName), 20)}.`,
    ),
  ];
};
