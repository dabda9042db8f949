import type { Json } from '../../kube/api-types.ts';
import { isObject } from '../../kube/raw-json.ts';
import type { Transform, TransformInput } from '../pipeline-types.ts';
import type { Step } from './support/field-paths.ts';
import { pathText } from './support/field-paths.ts';
import { renamedNamespaces } from './support/map-namespaces.ts';

/** Says where an object still names a renamed namespace in a field that no other rule knows. */
export const namespaceFields: Transform = {
  name: 'namespace-fields',
  rules: ['T72'],
  apply(draft, input) {
    if (renamedNamespaces(input.context).size > 0) report(draft['spec'], ['spec'], input);
  },
};

const report = (value: Json | undefined, steps: readonly Step[], input: TransformInput): void => {
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) report(item, [...steps, index], input);
  if (isObject(value)) for (const [key, item] of Object.entries(value)) report(item, [...steps, key], input);
  if (typeof value !== 'string' || !isNamespaceField(steps)) return;
  const renamed = renamedNamespaces(input.context).get(value);
  if (renamed === undefined) return;
  input.note({
    level: 'warn',
    path: pathText(steps),
    message: `The field names namespace ${value}, which is called ${renamed} at the destination. It is copied as it is.`,
  });
};

const isNamespaceField = (steps: readonly Step[]): boolean => {
  const field = steps.findLast((step) => typeof step === 'string');
  return field !== undefined && /namespaces?$/i.test(field);
};
