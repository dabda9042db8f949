import { nameList } from '../../common/sentences.ts';
import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { clone, objectsAt, stringAt } from '../../kube/raw-json.ts';
import type { CopyNames } from './bring-types.ts';
import { bareMetadata } from './need-copies.ts';

/**
 * The copy of a ClusterRoleBinding with those of its subjects that are ServiceAccounts of the namespace (as account, as user
 * name, or as the group of them all), rewritten to the destination's namespace; `accounts` are those that the copy has.
 * Undefined when it names none of them. Pure.
 */
export const copyBinding = (
  binding: KubeObject,
  accounts: ReadonlySet<string>,
  names: CopyNames,
): KubeObject | undefined => {
  const subjects = objectsAt(binding, 'subjects').flatMap((subject) => {
    const rewritten = rewriteSubject(subject, accounts, names);
    return rewritten === undefined ? [] : [rewritten];
  });
  return subjects.length === 0
    ? undefined
    : { ...clone(binding), metadata: bareMetadata(binding, names), subjects };
};

/** The role that a ClusterRoleBinding grants. Pure. */
export const roleOfBinding = (binding: KubeObject): string => stringAt(binding, 'roleRef', 'name') ?? '';

/** What such a copy means, as a sentence. Pure. */
export const bindingText = (copy: KubeObject, { destNamespace }: CopyNames): string => {
  const group = `system:serviceaccounts:${destNamespace}`;
  const user = `system:serviceaccount:${destNamespace}:`;
  const given = objectsAt(copy, 'subjects').map((subject) => {
    const name = stringAt(subject, 'name') ?? '';
    if (name === group) return 'all ServiceAccounts';
    return `ServiceAccount ${name.startsWith(user) ? name.slice(user.length) : name}`;
  });
  return `It grants ClusterRole ${roleOfBinding(copy)} in the whole cluster to ${nameList(given)} of namespace ${destNamespace}.`;
};

const rewriteSubject = (
  subject: JsonObject,
  accounts: ReadonlySet<string>,
  { sourceNamespace, destNamespace }: CopyNames,
): JsonObject | undefined => {
  const name = stringAt(subject, 'name') ?? '';
  const user = `system:serviceaccount:${sourceNamespace}:`;
  switch (stringAt(subject, 'kind')) {
    case 'ServiceAccount':
      return stringAt(subject, 'namespace') === sourceNamespace && accounts.has(name)
        ? { ...clone(subject), namespace: destNamespace }
        : undefined;
    case 'User':
      return name.startsWith(user) && accounts.has(name.slice(user.length))
        ? { ...clone(subject), name: `system:serviceaccount:${destNamespace}:${name.slice(user.length)}` }
        : undefined;
    case 'Group':
      return name === `system:serviceaccounts:${sourceNamespace}` && accounts.size > 0
        ? { ...clone(subject), name: `system:serviceaccounts:${destNamespace}` }
        : undefined;
    default:
      return undefined;
  }
};
