import type { KubeObject } from '../../kube/api-types.ts';
import { objectKey, objectName, refKey } from '../../kube/object-names.ts';
import { objectsAt, stringAt } from '../../kube/raw-json.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { whereIs } from '../../sides/side.ts';
import { deletionOf } from '../../workloads/deletion-text.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/** Whether something that is to be staged or started, or that its pods mount, is being deleted and held by finalizers. */
export const checkTerminating: CheckRow = {
  id: 'terminating',
  passed: 'Nothing to be started is being deleted.',
  run: (context) => terminatingRows(context),
};

/**
 * One refusal per object that will be gone when it is needed; the finalizers that hold it are named. The stage of a
 * cutover can write none of the objects that are on their way out, whether pods need them or not. Pure.
 */
const terminatingRows = ({
  to,
  targets,
  starters,
  copy,
}: Pick<CheckContext, 'to' | 'targets' | 'starters' | 'copy'>): Finding[] => {
  const started = new Set(targets.map(refKey));
  const claims = new Set(
    starters.flatMap(({ template }) =>
      objectsAt(template.spec, 'volumes').flatMap(
        (volume) => stringAt(volume, 'persistentVolumeClaim', 'claimName') ?? [],
      ),
    ),
  );
  const isNeeded = (object: KubeObject): boolean =>
    started.has(objectKey(object)) ||
    (object.kind === 'PersistentVolumeClaim' && claims.has(object.metadata.name));
  const needed = to.objects.filter(
    (object) => object.metadata.deletionTimestamp !== undefined && isNeeded(object),
  );
  const unwritable = (copy?.prepared ?? []).flatMap(({ leaving }) => leaving ?? []);
  const once = new Map([...needed, ...unwritable].map((object) => [object.metadata.uid, object]));
  return [...once.values()].map((object) =>
    finding(
      'terminating',
      'refuse',
      objectName(object),
      `${objectName(object)} in ${whereIs(to.side)} ${deletionOf(object)}.`,
      'Find out who deleted it and why its finalizers remain; then stage again. dr-syncer removes no finalizer.',
    ),
  );
};
