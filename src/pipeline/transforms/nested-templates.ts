import type { Json, JsonObject } from '../../kube/api-types.ts';
import { isObject } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';

const TEMPLATES: ReadonlySet<string> = new Set([
  'template',
  'jobTemplate',
  'podTemplate',
  'volumeClaimTemplate',
  'volumeClaimTemplates',
]);

// Free text and free-form maps; a key called "template" in them is the user's.
const NOT_SEARCHED: ReadonlySet<string> = new Set(['metadata', 'data', 'binaryData', 'stringData']);

/**
 * Takes the server's traces out of objects inside objects: `creationTimestamp: null`, and the status of volume
 * PVC templates. All else in a template is the user's and stays.
 */
export const nestedTemplates: Transform = {
  name: 'nested-templates',
  rules: ['T8'],
  apply(draft) {
    for (const [field, value] of Object.entries(draft)) {
      if (!NOT_SEARCHED.has(field)) clean(value, field);
    }
  },
};

const clean = (value: Json | undefined, field: string): void => {
  if (Array.isArray(value)) for (const item of value) clean(item, field);
  if (!isObject(value)) return;
  if (TEMPLATES.has(field)) cleanTemplate(value, field);
  for (const [key, item] of Object.entries(value)) clean(item, key);
};

const cleanTemplate = (template: JsonObject, field: string): void => {
  const metadata = template['metadata'];
  if (isObject(metadata) && metadata['creationTimestamp'] === null) delete metadata['creationTimestamp'];
  if (field.startsWith('volumeClaimTemplate')) delete template['status'];
};
