import { kubectl } from '../../command-line.ts';
import { namespaceNotes } from '../../pipeline/namespace.ts';
import type { Finding } from '../stage/types.ts';
import type { Check } from './types.ts';

/**
 * What differs between the two namespaces and matters to the pods, when the destination's exists already. Pure.
 */
export const checkNamespace: Check = ({
  sourceNamespaceObject,
  destNamespaceObject,
  dest,
  destNamespace,
}) => {
  if (destNamespaceObject === undefined) return [];
  return namespaceNotes(sourceNamespaceObject, destNamespaceObject).map(
    (note): Finding => ({
      level: note.level,
      code: CODES.find(([pattern]) => pattern.test(note.path))?.[1] ?? 'namespace-differs',
      subject: `Namespace ${destNamespace}`,
      message: `${note.message} Look at it with: ${kubectl(dest, 'get', 'namespace', destNamespace, '-o', 'yaml')}`,
    }),
  );
};

const CODES: readonly (readonly [RegExp, string])[] = [
  [/pod-security\.kubernetes\.io/, 'namespace-pod-security'],
  [/sa\.scc\.uid-range/, 'namespace-uid-range'],
];
