import { kubectl } from '../common/command-line.ts';
import { namespaceNotes, newNamespaceNotes } from '../pipeline/plan-namespace.ts';
import type { Finding } from './findings.ts';
import type { Check } from './need-types.ts';

/**
 * What matters to the pods and differs between the two namespaces, or comes along with one that is created. Pure.
 */
export const checkNamespace: Check = ({
  sourceNamespaceObject,
  destNamespaceObject,
  source,
  sourceNamespace,
  dest,
  destNamespace,
}) => {
  const isNew = destNamespaceObject === undefined;
  const notes = isNew
    ? newNamespaceNotes(sourceNamespaceObject)
    : namespaceNotes(sourceNamespaceObject, destNamespaceObject);
  const look = kubectl(
    isNew ? source : dest,
    'get',
    'namespace',
    isNew ? sourceNamespace : destNamespace,
    '-o',
    'yaml',
  );
  return notes.map(
    (note): Finding => ({
      level: note.level,
      id: CODES.find(([pattern]) => pattern.test(note.path))?.[1] ?? 'namespace-differs',
      subject: `Namespace ${destNamespace}`,
      message: `${note.message} Inspect it with: ${look}`,
    }),
  );
};

const CODES: readonly (readonly [RegExp, string])[] = [
  [/pod-security\.kubernetes\.io/, 'namespace-pod-security'],
  [/sa\.scc\.uid-range/, 'namespace-uid-range'],
];
