import { STORAGE_CLASS } from '../../common/annotations.ts';
import type { Json, JsonObject, KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import { compareQuantities } from '../../kube/quantity.ts';
import { objectAt, own, setOwn, stringAt } from '../../kube/raw-json.ts';
import type { Transform, TransformInput } from '../pipeline-types.ts';
import { pathText } from './support/field-paths.ts';
import { settingOf } from './support/metadata-edits.ts';
import type { PvcPart } from './support/pvc-templates.ts';
import { pvcsOf } from './support/pvc-templates.ts';

const QUOTA_KEY = /^(.+)(\.storageclass\.storage\.k8s\.io\/.+)$/;

/**
 * Maps StorageClasses in PVCs, in templates of PVCs, and in the keys of quotas. A class that the user wrote on
 * the PVC wins over the map; a class that neither names stays.
 */
export const storageClasses: Transform = {
  name: 'storage-classes',
  rules: ['T52'],
  apply(draft, input) {
    for (const pvc of pvcsOf(draft)) mapClass(pvc, input);
    if (groupKind(draft) === 'ResourceQuota') mapQuota(draft, input);
  },
};

const mapClass = ({ pvc, path }: PvcPart, { context, note }: TransformInput): void => {
  const spec = objectAt(pvc, 'spec');
  if (spec === undefined) return;
  const current = stringAt(spec, 'storageClassName');
  const mapped =
    settingOf(pvc, STORAGE_CLASS) ??
    (current === undefined ? undefined : (context.storageClassMap.get(current) ?? current));
  const where = pathText([...path, 'spec', 'storageClassName']);
  if (mapped !== undefined) spec['storageClassName'] = mapped;
  if (mapped === undefined) {
    note({
      level: 'info',
      path: where,
      message: "The PVC names no StorageClass, so it gets the destination's default class.",
    });
  } else if (mapped === '') {
    note({
      level: 'warn',
      path: where,
      message:
        'The PVC asks for a volume that someone creates by hand. Map the empty class to a StorageClass of the ' +
        `destination, or set the label ${STORAGE_CLASS} on the PVC.`,
    });
  }
};

const mapQuota = (quota: KubeObject, { context, note }: TransformInput): void => {
  const hard = objectAt(quota, 'spec', 'hard');
  const spec = objectAt(quota, 'spec');
  if (hard === undefined || spec === undefined) return;
  const mapped: JsonObject = {};
  for (const [key, value] of Object.entries(hard)) {
    const [, className = '', rest = ''] = QUOTA_KEY.exec(key) ?? [];
    const target = className === '' ? key : (context.storageClassMap.get(className) ?? className) + rest;
    const earlier = own(mapped, target);
    setOwn(mapped, target, earlier === undefined ? value : larger(earlier, value));
    if (earlier === undefined) continue;
    note({
      level: 'warn',
      path: pathText(['spec', 'hard', target]),
      message:
        'Several StorageClasses of the quota become one at the destination; the largest limit is used.',
    });
  }
  spec['hard'] = mapped;
};

const larger = (a: Json | undefined, b: Json | undefined): Json | undefined =>
  compareQuantities(String(a), String(b)) >= 0 ? a : b;
