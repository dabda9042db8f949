import type { JsonObject } from '../../kube/api-types.ts';
import { compareQuantities } from '../../kube/quantity.ts';
import { objectAt, stringAt } from '../../kube/raw-json.ts';
import type { Transform, TransformInput } from '../pipeline-types.ts';
import { dropAnnotations } from './support/metadata-edits.ts';
import { pvcsOf } from './support/pvc-templates.ts';

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';
const SERVER_PREFIXES = ['pv.kubernetes.io/', 'volume.kubernetes.io/', 'volume.beta.kubernetes.io/'];

// Fields of a PVC that tie it to what exists only in the source's storage, and why the operator should know.
const SOURCE_FIELDS: readonly (readonly [string, string | undefined])[] = [
  ['volumeName', undefined],
  [
    'dataSource',
    'The PVC was created from a snapshot or another PVC; this reference is left out. Its data is copied.',
  ],
  ['dataSourceRef', undefined],
  [
    'selector',
    'The PVC selects a volume by labels; this selector is left out, as no volume would be provisioned for it.',
  ],
];

/**
 * Frees PVCs of the source's volumes, so that the destination provisions new ones. A PVC with the server's
 * `bind-completed` annotation and no volume counts as lost for good. The volume mode is the user's and stays.
 */
export const unboundPvcs: Transform = {
  name: 'claims',
  rules: ['T50', 'T51', 'T54', 'T55', 'T56', 'T57'],
  apply(draft, input) {
    for (const { pvc, path } of pvcsOf(draft)) {
      adoptClassAnnotation(pvc);
      if (path.length > 0) continue;
      dropAnnotations(draft, (key) => SERVER_PREFIXES.some((prefix) => key.startsWith(prefix)));
      dropSourceFields(pvc, input);
      growToCapacity(pvc, input);
    }
  },
};

// The annotation, from before the field existed, wins over the field in the API server too.
const adoptClassAnnotation = (pvc: JsonObject): void => {
  const className = stringAt(pvc, 'metadata', 'annotations', BETA_CLASS);
  if (className === undefined) return;
  pvc['spec'] = { ...objectAt(pvc, 'spec'), storageClassName: className };
  dropAnnotations(pvc, (key) => key === BETA_CLASS);
};

const dropSourceFields = (pvc: JsonObject, { note }: TransformInput): void => {
  const spec = objectAt(pvc, 'spec');
  if (spec === undefined) return;
  for (const [field, message] of SOURCE_FIELDS) {
    if (spec[field] === undefined) continue;
    delete spec[field];
    if (message !== undefined) note({ level: 'info', path: `spec.${field}`, message });
  }
};

// A volume made by hand is often larger than its PVC asked for, and may have more on it than the PVC would get.
const growToCapacity = (pvc: JsonObject, { source, note }: TransformInput): void => {
  const requests = objectAt(pvc, 'spec', 'resources', 'requests');
  const requested = stringAt(requests, 'storage');
  const capacity = stringAt(source, 'status', 'capacity', 'storage');
  if (requests === undefined || requested === undefined || capacity === undefined) return;
  if (compareQuantities(capacity, requested) <= 0) return;
  requests['storage'] = capacity;
  note({
    level: 'info',
    path: 'spec.resources.requests.storage',
    message: `The PVC requests ${requested} but its volume has ${capacity}; the copy requests ${capacity}.`,
  });
};
