import { objectsAt, stringAt } from '../../../kube/json.ts';
import { groupKind, objectName } from '../../../kube/names.ts';
import type { KubeObject } from '../../../kube/types.ts';
import { nameList } from '../../../sentences.ts';
import { row, whereIs } from '../sentences.ts';
import type { CheckContext, CheckRow, PreflightCheck } from '../types.ts';

/** Whether something that is to be started, or that its pods mount, is being deleted and held by finalizers. */
export const checkTerminating: CheckRow = {
  id: 'terminating',
  passed: 'Nothing that is to be started is being deleted.',
  run: (context) => terminatingRows(context),
};

/** One refusal per object that will be gone when it is needed; the finalizers that hold it are named. Pure. */
export const terminatingRows = ({
  to,
  targets,
  starters,
}: Pick<CheckContext, 'to' | 'targets' | 'starters'>): PreflightCheck[] => {
  const started = new Set(targets.map((target) => `${groupKind(target)}/${target.name}`));
  const claims = new Set(
    starters.flatMap(({ template }) =>
      objectsAt(template.spec, 'volumes').flatMap(
        (volume) => stringAt(volume, 'persistentVolumeClaim', 'claimName') ?? [],
      ),
    ),
  );
  const isNeeded = (object: KubeObject): boolean =>
    started.has(`${groupKind(object)}/${object.metadata.name}`) ||
    (object.kind === 'PersistentVolumeClaim' && claims.has(object.metadata.name));
  return to.objects
    .filter((object) => object.metadata.deletionTimestamp !== undefined && isNeeded(object))
    .map((object) => {
      const holders = object.metadata.finalizers ?? [];
      return row(
        'terminating',
        'refuse',
        objectName(object),
        `${objectName(object)} in ${whereIs(to.side)} is being deleted since ${object.metadata.deletionTimestamp}${
          holders.length === 0 ? '' : `, held by the finalizers ${nameList(holders)}`
        }.`,
        'Find out who deleted it and why its finalizers do not go; then stage again. dr-syncer removes no finalizer.',
      );
    });
};
